//! Another node takes the place of one that is lost.

use countersign_testkit::services::redis::{RedisCluster, RedisSentinel};

use crate::support::{WHOLE, every_part_is_shared, limiter, options, take, until_shared};

#[tokio::test]
async fn a_new_master_is_found_through_the_sentinel() {
    let mut store = RedisSentinel::start();
    let limiter = limiter(&store.url(), options()).await;
    assert_eq!(take(&limiter, 1).await.spec, WHOLE);
    store.kill_the_master();
    until_shared(&limiter).await;
    assert!(limiter.losses() >= 1);
}

#[tokio::test]
async fn sentinels_may_ask_for_the_password_too() {
    let store = RedisSentinel::start_with_password();
    let limiter = limiter(&store.url(), options()).await;
    assert_eq!(take(&limiter, 1).await.spec, WHOLE);
}

#[tokio::test]
async fn a_cluster_that_loses_a_master_is_used_whole_again() {
    let mut store = RedisCluster::start();
    let limiter = limiter(&store.url(), options()).await;
    assert_eq!(take(&limiter, 1).await.spec, WHOLE);
    store.kill_a_master();
    // Until the cluster has noticed, decisions are made by whoever can.
    while !(store.is_whole() && every_part_is_shared(&limiter).await) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
