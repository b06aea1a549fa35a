//! Passwords and databases.

use countersign_domain::health::Dependency as _;
use countersign_testkit::services::redis::RedisServer;

use crate::support::{is_shared, limiter, options};

#[tokio::test]
async fn the_right_password_opens() {
    let server = RedisServer::start_with(&["--requirepass", "hunter2@"]);
    let limiter = limiter(&format!("redis://:hunter2%40@127.0.0.1:{}", server.port()), options()).await;
    assert!(is_shared(&limiter).await);
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_told_and_never_shown() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    for login in ["", ":hunter2@", "alice:hunter2@"] {
        let limiter = limiter(&format!("redis://{login}127.0.0.1:{}", server.port()), options()).await;
        assert!(!is_shared(&limiter).await);
        let failure = format!("{:?}", limiter.check().await.unwrap_err());
        assert!(failure.to_lowercase().contains("auth"), "{failure}");
        assert!(!failure.contains("hunter2") && !failure.contains("alice"), "{failure}");
    }
}

#[tokio::test]
async fn buckets_lie_in_the_database_that_the_url_names() {
    let server = RedisServer::start();
    let limiter = limiter(&format!("{}/3", server.url()), options()).await;
    assert!(is_shared(&limiter).await);
    let keys = |database| server.cli(&["-n", database, "DBSIZE"]);
    assert_eq!(keys("0"), "0");
    assert_ne!(keys("3"), "0");
}
