//! Quota stops the start of a set-up, and nothing that follows it.

use countersign_domain::identity::Environment;
use countersign_domain::quota::plan::{Ceiling, Plan};
use countersign_domain::quota::rule::QuotaComponent;
use countersign_domain::two_factor::setup::StartSetupError;
use countersign_domain::two_factor::status::TwoFactorStatus;
use countersign_testkit::build::{self, NOW, relationship_event, subject, subject_in, turns_event};

use crate::world::World;

/// A world whose organization may use one turn and one relationship.
fn world() -> World {
    let mut world = World::new();
    world.organization.plan =
        Plan { turns: Ceiling::Limited(1), relationships: Ceiling::Limited(1), ..build::plan("free") };
    world
}

async fn stopped_by(world: &World) -> Option<QuotaComponent> {
    match world.start(&subject("alice")).await {
        Ok(_) => None,
        Err(StartSetupError::Quota(refusal)) => Some(refusal.component),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_set_up_is_stopped_by_turns_that_are_used_up() {
    let world = world();
    assert_eq!(stopped_by(&world).await, None);
    world.use_up(vec![turns_event("1", 1, NOW)]).await;
    assert_eq!(stopped_by(&world).await, Some(QuotaComponent::Turns));
}

#[tokio::test]
async fn a_set_up_is_stopped_by_relationships_that_are_used_up() {
    let world = world();
    world.use_up(vec![relationship_event("1", "r1", NOW)]).await;
    assert_eq!(stopped_by(&world).await, Some(QuotaComponent::ActiveRelationships));
}

#[tokio::test]
async fn of_two_that_are_used_up_turns_are_named() {
    let world = world();
    world.use_up(vec![relationship_event("1", "r1", NOW), turns_event("2", 1, NOW)]).await;
    assert_eq!(stopped_by(&world).await, Some(QuotaComponent::Turns));
}

#[tokio::test]
async fn a_set_up_that_quota_stops_hashes_stores_and_counts_nothing() {
    let mut world = world();
    world.limits.setups = 1;
    world.use_up(vec![turns_event("1", 1, NOW)]).await;
    for _ in 0..3 {
        assert_eq!(stopped_by(&world).await, Some(QuotaComponent::Turns));
    }
    assert_eq!((world.hasher.calls(), world.stores.factors.count(), world.events()), (0, 0, vec![]));
    world.organization.plan.turns = Ceiling::Limited(2);
    assert_eq!(stopped_by(&world).await, None);
}

#[tokio::test]
async fn the_refusal_shows_the_whole_quota() {
    let world = world();
    world.use_up(vec![turns_event("1", 3, NOW)]).await;
    let Err(StartSetupError::Quota(refusal)) = world.start(&subject("alice")).await else {
        panic!("quota did not stop the set-up")
    };
    let snapshot = refusal.snapshot;
    assert_eq!((snapshot.usage.turns, snapshot.usage.active_relationships), (3, 0));
    assert_eq!((snapshot.turns, snapshot.relationships), (Ceiling::Limited(1), Ceiling::Limited(1)));
    assert_eq!(snapshot.period.ends_at.to_string(), "2026-02-01T00:00:00.000Z");
}

#[tokio::test]
async fn an_exempt_plan_lets_set_ups_through() {
    let mut world = world();
    world.organization.plan.security_calls_exempt = true;
    world.use_up(vec![turns_event("1", 9, NOW), relationship_event("2", "r1", NOW)]).await;
    assert_eq!(stopped_by(&world).await, None);
}

#[tokio::test]
async fn use_of_live_data_does_not_stop_trials() {
    let world = world();
    world.use_up(vec![turns_event("1", 1, NOW)]).await;
    let tester = subject_in(world.organization.id, Environment::Test, "alice");
    world.start(&tester).await.unwrap();
}

#[tokio::test]
async fn a_set_up_that_was_started_can_be_confirmed_over_any_quota() {
    let (world, alice) = (world(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    world.use_up(vec![turns_event("1", 100, NOW), relationship_event("2", "r1", NOW)]).await;
    let status = world.verify(&alice, &build::code_at_instant(&started.secret, NOW)).await.unwrap();
    assert!(matches!(status, TwoFactorStatus::Enabled { .. }));
}
