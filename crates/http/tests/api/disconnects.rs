//! Clients that go away.

use std::time::Duration;

use super::support::client::Connection;
use super::support::{Call, World};

/// Waits until alice has a pending set-up.
pub async fn until_pending(world: &World) {
    for _ in 0..10_000 {
        let status = world.send(&Call::get("/v1/me/2fa").token("alice")).await;
        if status.json()["state"] == "pending" {
            return;
        }
        world.clock.advance(Duration::from_millis(100));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the set-up was lost");
}

#[tokio::test]
async fn a_set_up_whose_client_went_away_is_not_left_half_way() {
    let (world, connection) = World::serving_a_set_up().await;
    connection.reset();
    assert_eq!(world.send(&Call::get("/v1/me/2fa").token("alice")).await.json()["state"], "disabled");
    world.hasher.open();
    until_pending(&world).await;
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_no_request() {
    let world = World::new().await;
    let mut connection = Connection::open(world.address).await;
    let call = Call::setup().header("content-type", "application/json").header("content-length", "100");
    connection.write(&call.bytes()).await;
    connection.write(b"{\"account").await;
    connection.finish().await;
    if let Some(answer) = connection.answer().await {
        assert_eq!((answer.status, answer.code().as_str()), (400, "validation_error"));
    }
    assert_eq!(world.hasher.calls(), 0);
}

#[tokio::test]
async fn a_client_that_only_stops_sending_still_gets_its_answer() {
    let world = World::new().await;
    let mut connection = Connection::open(world.address).await;
    connection.write(&Call::setup().bytes()).await;
    connection.finish().await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
}
