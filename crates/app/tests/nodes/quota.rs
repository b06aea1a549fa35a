//! One ceiling over all nodes.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::cluster::{Cluster, count};
use crate::support::text;

#[tokio::test]
async fn a_thousand_consumers_end_exactly_at_the_ceiling() {
    let cluster = Cluster::start();
    cluster
        .home
        .json("plan set small --requests-per-second 5000 --burst 5000 --turns 600 --relationships unlimited");
    let organization = cluster.home.organization("small");
    let scopes = "--scope usage:write --scope usage:read";
    let made = cluster.home.json(&format!("api-key create --org {organization} --env live {scopes}"));
    let key = text(&made["key"]);
    let consume = |_| cluster.call(Method::POST, "/v1/usage/turns", &key, Some(json!({ "count": 1 })));
    let answers = join_all((0..1_000).map(consume)).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (600, 400));
    for node in &cluster.nodes {
        assert_eq!(node.get("/v1/usage", &key).await.body()["turns"]["used"], 600);
    }
}
