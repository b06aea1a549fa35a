//! Repetitions that come while the first call runs, and clients that go away.

use countersign_testkit::build::{organization_id, organization_on, plan};
use countersign_testkit::contention::{CONTENDERS, together};
use countersign_testkit::fakes::CountingHasher;

use super::super::support::client::Connection;
use super::super::support::world::Plan;
use super::*;

async fn slow_world() -> World {
    World::planned(Plan { hasher: CountingHasher::closed(), ..Plan::default() }).await
}

#[tokio::test]
async fn a_repetition_of_a_running_call_is_told_to_wait() {
    let world = slow_world().await;
    let alice = Party::alice();
    let call = alice.call("setup", "one", &json!({}));
    let (address, first) = (world.address, call.clone());
    let first = tokio::spawn(async move { first.send(address).await });
    world.until(|world| world.hasher.calls() == 1).await;
    assert_conflict(&world.send(&call).await, "idempotency_in_progress");
    let other = alice.call("setup", "one", &json!({"account_name": "x"}));
    assert_conflict(&world.send(&other).await, "idempotency_mismatch");
    world.hasher.open();
    assert_repeats(&first.await.unwrap(), &world.send(&call).await);
}

#[tokio::test]
async fn a_client_that_went_away_finds_the_answer_when_it_comes_back() {
    let world = slow_world().await;
    let call = Party::alice().call("setup", "one", &json!({}));
    let mut connection = Connection::open(world.address).await;
    connection.write(&call.bytes()).await;
    world.until(|world| world.hasher.calls() == 1).await;
    connection.reset();
    // The server notices: a new connection is served after it.
    assert_eq!(state(&world).await, "disabled");
    world.hasher.open();
    let mut answer = world.send(&call).await;
    while answer.status != 200 {
        world.clock.advance(Duration::from_millis(100));
        answer = world.send(&call).await;
    }
    assert!(is_replayed(&answer));
    assert_eq!(world.hasher.calls(), 1);
    let body = right(&world, &secret_of(&answer));
    assert_eq!(Party::alice().post(&world, "verify-setup", "two", &body).await.status, 200);
}

#[tokio::test]
async fn of_many_calls_with_one_key_one_is_run() {
    let world = World::planned(Plan {
        organization: organization_on(organization_id(1), plan("enterprise")),
        ..Plan::default()
    })
    .await;
    let secret = enrolled(&world).await;
    let call = Party::alice().call("verify", "one", &right(&world, &secret));
    let address = world.address;
    let answers = together(CONTENDERS, |_| {
        let call = call.clone();
        async move { call.send(address).await }
    })
    .await;
    let (verified, waiting): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(verified.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    assert!(verified.iter().all(|answer| answer.text() == verified[0].text()));
    for answer in &waiting {
        assert_conflict(answer, "idempotency_in_progress");
    }
}
