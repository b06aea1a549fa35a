//! Faults of ours: what the caller is told, and what goes on.

use super::support::ports::{Fault, INSIDE};
use super::support::world::Plan;
use super::support::world::impatient;
use super::support::{Answer, Call, World};
use countersign_testkit::fakes::CountingHasher;

fn told(answer: &Answer) -> (u16, String, String) {
    assert!(!answer.text().contains("inside"), "{}", answer.text());
    assert!(!answer.text().contains(INSIDE), "{}", answer.text());
    let error = answer.json()["error"].clone();
    (answer.status, answer.code(), error["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_fault_of_one_kind_is_told_in_the_same_words() {
    let world = World::new().await;
    let mut told_of = Vec::new();
    for fault in [Fault::Corrupt, Fault::Other, Fault::Panic] {
        world.usage.fail(fault);
        told_of.push(told(&world.send(&Call::setup()).await));
    }
    told_of.push(told(&world.send(&Call::get("/v1/me").token("panic")).await));
    told_of.dedup();
    let message = "something went wrong on our side".to_owned();
    assert_eq!(told_of, [(500, "internal_error".to_owned(), message)]);

    world.usage.fail(Fault::Unavailable);
    assert_eq!(told(&world.send(&Call::setup()).await).0, 503);
}

#[tokio::test]
async fn a_panic_costs_one_request_and_not_the_connection() {
    let world = World::new().await;
    let mut connection = super::support::client::Connection::open(world.address).await;
    for _ in 0..50 {
        connection.write(&Call::get("/v1/me").token("panic").bytes()).await;
        assert_eq!(connection.answer().await.unwrap().status, 500);
        connection.write(&Call::get("/v1/me").token("alice").bytes()).await;
        assert_ne!(connection.answer().await.unwrap().status, 500);
        world.clock.advance(std::time::Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_quota_that_cannot_be_read_takes_the_place_of_the_refusal_that_would_show_it() {
    let world = World::new().await;
    world.usage.fail(Fault::Unavailable);
    let answer = world.send(&Call::get("/v1/me").token("suspended")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "service_unavailable"));
    assert!(answer.header("x-ratelimit-limit").is_some());
}

#[tokio::test]
async fn what_takes_too_long_is_503_and_still_comes_to_its_end() {
    let world =
        World::planned(Plan { settings: impatient(), hasher: CountingHasher::closed(), ..Plan::default() })
            .await;
    let answer = world.send(&Call::setup()).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "service_unavailable"));
    world.hasher.open();
    super::disconnects::until_pending(&world).await;
}
