//! TLS to the store, whatever it is made of.

use std::time::Duration;

use countersign_domain::health::Dependency as _;
use countersign_limits::SharedOptions;
use countersign_testkit::services::authority::Authority;
use countersign_testkit::services::redis::{RedisCluster, RedisSentinel, RedisServer};

use crate::support::{every_part_is_shared, is_shared, limiter, options, until_shared};

fn trusting(authority: &Authority) -> SharedOptions {
    SharedOptions { authority: Some(authority.pem().into_bytes()), ..options() }
}

/// The process goes on with its own part of every bucket, and says why.
async fn assert_refused(url: &str, options: SharedOptions) {
    let limiter = limiter(url, options).await;
    assert!(!is_shared(&limiter).await, "{url}");
    let failure = format!("{:?}", limiter.check().await.unwrap_err());
    assert!(failure.contains("certificate"), "{url}: {failure}");
}

#[tokio::test]
async fn only_a_certificate_of_the_named_authority_is_accepted() {
    let (right, wrong) = (Authority::new(), Authority::new());
    let server = RedisServer::start_with_tls(&right, "localhost");
    let url = format!("rediss://localhost:{}", server.port());
    assert!(is_shared(&limiter(&url, trusting(&right)).await).await);

    assert_refused(&url, trusting(&wrong)).await;
    assert_refused(&url, options()).await;
    // The certificate is for a name, and this is an address.
    assert_refused(&server.url(), trusting(&right)).await;
}

#[tokio::test]
async fn a_cluster_decides_over_tls_and_outlives_a_master() {
    let (right, wrong) = (Authority::new(), Authority::new());
    let mut store = RedisCluster::start_with_tls(&right);
    let limiter = limiter(&store.url(), trusting(&right)).await;
    assert!(every_part_is_shared(&limiter).await);
    assert_refused(&store.url(), trusting(&wrong)).await;

    store.kill_a_master();
    while !(store.is_whole() && every_part_is_shared(&limiter).await) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_master_that_sentinels_name_decides_over_tls_and_so_does_the_next() {
    let (right, wrong) = (Authority::new(), Authority::new());
    let mut store = RedisSentinel::start_with_tls(&right);
    let limiter = limiter(&store.url(), trusting(&right)).await;
    assert!(is_shared(&limiter).await);
    assert_refused(&store.url(), trusting(&wrong)).await;

    store.kill_the_master();
    until_shared(&limiter).await;
    assert!(limiter.losses() >= 1);
}
