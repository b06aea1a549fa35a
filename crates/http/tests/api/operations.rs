//! Health, readiness and the reference.

use std::time::Duration;

use serde_json::json;

use countersign_testkit::fakes::CountingHasher;

use super::support::world::Plan;
use super::support::{Call, World};

#[tokio::test]
async fn health_asks_nobody() {
    let world = World::new().await;
    world.database.set_working(false);
    world.drain_client().await;
    let answer = world.send(&Call::get("/healthz")).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "ok"})));
    assert_eq!(answer.header("x-request-id").unwrap().len(), 26);
}

#[tokio::test]
async fn readiness_names_each_dependency() {
    let world = World::new().await;
    let answer = world.send(&Call::get("/readyz")).await;
    let ready = json!({"status": "ready", "dependencies": [{"name": "database", "status": "ready"}]});
    assert_eq!((answer.status, answer.json()), (200, ready));
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn readiness_is_found_out_anew_each_second() {
    let world = World::new().await;
    assert_eq!(world.send(&Call::get("/readyz")).await.status, 200);
    world.database.set_working(false);
    assert_eq!(world.send(&Call::get("/readyz")).await.status, 200);
    world.clock.advance(Duration::from_secs(1));
    let answer = world.send(&Call::get("/readyz")).await;
    let broken =
        json!({"status": "unavailable", "dependencies": [{"name": "database", "status": "unavailable"}]});
    assert_eq!((answer.status, answer.json()), (503, broken));
    assert_eq!(answer.header("retry-after"), None);
    world.database.set_working(true);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.send(&Call::get("/readyz")).await.status, 200);
}

#[tokio::test]
async fn the_reference_is_served_whole_from_here() {
    let world = World::new().await;
    let redirect = world.send(&Call::get("/docs")).await;
    assert_eq!((redirect.status, redirect.header("location")), (308, Some("/docs/")));

    let page = world.send(&Call::get("/docs/")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!page.text().contains("http"), "an outside address");
    assert!(page.text().contains("<script src="), "the page loads its scripts");
    let assets: Vec<_> =
        page.text().split("src=\"./").chain(page.text().split("href=\"./")).skip(1).collect();
    assert!(assets.len() > 3, "{assets:?}");
    for asset in assets.iter().filter_map(|rest| rest.split('"').next()).filter(|asset| asset.contains('.')) {
        let path = format!("/docs/{asset}");
        assert_eq!(world.send(&Call::get(&path)).await.status, 200, "{path}");
    }
    let initializer = world.send(&Call::get("/docs/swagger-initializer.js")).await;
    assert!(initializer.text().contains("/openapi.json"), "{}", initializer.text());
    let errors = world.send(&Call::get("/docs/errors")).await;
    assert!(errors.text().contains("<h2 id=\"rate_limit_exceeded\">"));
    let missing = world.send(&Call::get("/docs/nothing.js")).await;
    assert_eq!((missing.status, missing.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs/", "/v1/me"] {
        let get = world.send(&Call::get(path).token("alice")).await;
        let head = world.send(&Call::new("HEAD", path).token("alice")).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn the_account_security_page_is_served_whole_from_here() {
    let world = World::new().await;
    let page = world.send(&Call::get("/")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.text().contains("://"), "an outside address");
    for (part, content_type) in [
        ("/page/account-security.js", "text/javascript; charset=utf-8"),
        ("/page/account-security.css", "text/css; charset=utf-8"),
    ] {
        assert!(page.text().contains(part), "{part}");
        let answer = world.send(&Call::get(part)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)), "{part}");
        assert!(!answer.text().contains("://"), "an outside address in {part}");
    }
    let missing = world.send(&Call::get("/page/nothing.js")).await;
    assert_eq!((missing.status, missing.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn health_is_told_while_set_ups_wait_for_their_hashes() {
    // One thread serves all of them.
    let world = World::planned(Plan { hasher: CountingHasher::closed(), ..Plan::default() }).await;
    let (setup, health) = (Call::setup(), Call::get("/healthz"));
    let meanwhile = async {
        world.hasher.reached(1).await;
        let answer = world.send(&health).await;
        world.hasher.open();
        answer
    };
    let (begun, healthy) = tokio::join!(world.send(&setup), meanwhile);
    assert_eq!((begun.status, healthy.status), (200, 200));
}
