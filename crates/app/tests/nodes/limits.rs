//! One bucket over all nodes.

use std::time::Instant;

use futures_util::future::join_all;
use reqwest::Method;

use crate::cluster::{Cluster, count};

const BURST: usize = 20;

/// Calls of one organization that come at once, and how many were let in beyond what the bucket gave meanwhile.
async fn let_in(cluster: &Cluster, token: &str) -> usize {
    let begun = Instant::now();
    let answers =
        join_all((0..5 * BURST).map(|_| cluster.call(Method::GET, "/v1/me/2fa", token, None))).await;
    assert_eq!(count(&answers, 200) + count(&answers, 429), 5 * BURST, "{answers:?}");
    let refilled = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    count(&answers, 200).saturating_sub(refilled)
}

#[tokio::test]
async fn three_nodes_let_in_no_more_than_one() {
    let cluster = Cluster::start();
    cluster.home.json(&format!(
        "plan set slow --requests-per-second 1 --burst {BURST} --turns unlimited --relationships unlimited"
    ));
    let token = cluster.home.token(&cluster.home.organization("slow"), "alice");
    let let_in = let_in(&cluster, &token).await;
    assert!(let_in <= BURST, "{let_in}");
}

#[tokio::test]
async fn the_loss_of_a_redis_master_neither_refuses_everybody_nor_lets_everybody_in() {
    let mut cluster = Cluster::start();
    cluster.home.json(&format!(
        "plan set slow --requests-per-second 1 --burst {BURST} --turns unlimited --relationships unlimited"
    ));
    cluster.redis.kill_a_master();
    // While a node decides by itself it gives its share of the bucket, which all three together make whole. Calls that
    // see Redis before the loss and after it may find two buckets, one after the other.
    for user in ["alice", "bob"] {
        let token = cluster.home.token(&cluster.home.organization("slow"), user);
        let let_in = let_in(&cluster, &token).await;
        assert!(let_in <= 2 * BURST, "{let_in}");
    }
}
