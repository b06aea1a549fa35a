//! Quota headers of refusals.

use std::time::Duration;

use countersign_testkit::build::{NOW, turns_event};

use super::support::{Call, World};

#[tokio::test]
async fn refusing_reads_the_counters_once_a_second() {
    let world = World::new().await;
    world.drain_organization().await;
    for _ in 0..5 {
        assert_eq!(world.send(&Call::setup()).await.status, 429);
    }
    assert_eq!(world.usage.reads(), 1);

    world.consume(turns_event("1", 7, NOW)).await;
    world.clock.advance(Duration::from_secs(1));
    world.drain_organization().await;
    let answer = world.send(&Call::setup()).await;
    assert_eq!(answer.header("x-quota-turns-used"), Some("7"));
    assert_eq!(world.usage.reads(), 2);
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_keep_a_snapshot_alive() {
    let world = World::new().await;
    assert_eq!(world.send(&Call::get("/v1/me").token("suspended")).await.status, 403);
    world.clock.set(NOW.saturating_sub(Duration::from_hours(1)));
    assert_eq!(world.send(&Call::get("/v1/me").token("suspended")).await.status, 403);
    assert_eq!(world.usage.reads(), 2);
}

#[tokio::test]
async fn the_two_environments_have_snapshots_of_their_own() {
    let world = World::new().await;
    world.consume(turns_event("1", 1_000, NOW)).await;
    assert_eq!(world.send(&Call::setup()).await.header("x-quota-turns-used"), Some("1000"));
    assert_eq!(world.send(&Call::post("/v1/me/2fa/setup").token("trial")).await.status, 200);
}

#[tokio::test]
async fn a_quota_stops_nothing_but_the_beginning_of_a_set_up() {
    let world = World::new().await;
    assert_eq!(world.send(&Call::setup()).await.status, 200);
    world.consume(turns_event("1", 1_000, NOW)).await;
    let verify = Call::post("/v1/me/2fa/verify-setup").token("alice").json(r#"{"code":"000000"}"#);
    assert_eq!(world.send(&verify).await.code(), "invalid_code");
    assert_eq!(world.send(&Call::get("/v1/me").token("alice")).await.status, 200);
    assert_eq!(world.send(&Call::setup()).await.code(), "quota_exhausted");
}
