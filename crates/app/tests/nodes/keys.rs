//! API keys on several nodes.

use std::time::Duration;

use reqwest::Method;

use crate::cluster::Cluster;
use crate::support::text;

/// For so long a node may remember what it read (security parameters: 5 s).
const REMEMBERED: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_revoked_key_is_refused_everywhere_once_nothing_is_remembered_of_it() {
    let cluster = Cluster::start();
    let organization = cluster.organization();
    let made =
        cluster.home.json(&format!("api-key create --org {organization} --env live --scope audit:read"));
    let key = text(&made["key"]);
    let status = async |node: &crate::support::Server| {
        node.call(Method::GET, "/v1/audit-events", Some(&key), None).await.status.as_u16()
    };
    for node in &cluster.nodes {
        assert_eq!(status(node).await, 200);
    }
    assert_eq!(cluster.home.run(&format!("api-key revoke {}", text(&made["id"]))).code, 0);
    tokio::time::sleep(REMEMBERED).await;
    for node in &cluster.nodes {
        assert_eq!(status(node).await, 401);
    }
}
