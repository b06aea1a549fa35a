//! Beginning and ending relationships.

use countersign_domain::identity::Environment;
use countersign_domain::quota::meter::PermitError;
use countersign_domain::quota::plan::Ceiling;
use countersign_domain::quota::ports::RelationshipId;
use countersign_domain::quota::relationships::{Activated, ChangeRelationships};
use countersign_domain::quota::rule::QuotaComponent;
use countersign_testkit::build::{NOW, period_at};

use crate::world::World;

const LIVE: Environment = Environment::Live;

fn world(relationships: u64) -> World {
    let mut world = World::new();
    world.organization.plan.relationships = Ceiling::Limited(relationships);
    world
}

fn use_case(world: &World) -> ChangeRelationships {
    ChangeRelationships { clock: world.clock.clone(), quotas: world.stores.usage.clone() }
}

fn id(text: &str) -> RelationshipId {
    RelationshipId::new(text).unwrap()
}

async fn activate(world: &World, relationship: &str) -> Result<Activated, PermitError> {
    use_case(world).activate(&world.organization, LIVE, id(relationship)).await
}

#[tokio::test]
async fn a_relationship_takes_one_place_until_the_period_after_its_end() {
    let world = world(1);
    assert!(activate(&world, "a").await.unwrap().is_new);
    assert!(!activate(&world, "a").await.unwrap().is_new);
    let Err(PermitError::Exhausted(refusal)) = activate(&world, "b").await else { panic!() };
    assert_eq!(refusal.component, QuotaComponent::ActiveRelationships);
    assert_eq!(refusal.snapshot.usage.active_relationships, 1);

    world.clock.set(period_at(NOW).ends_at);
    assert!(activate(&world, "b").await.is_err(), "the first is still active in the next period");
    let ended = use_case(&world).end(&world.organization, LIVE, id("a")).await.unwrap();
    assert!(ended.was_active && ended.snapshot.usage.active_relationships == 1, "{ended:?}");
    assert!(activate(&world, "b").await.is_err(), "its place is not free in the same period");

    world.clock.set(ended.snapshot.period.ends_at);
    assert!(activate(&world, "b").await.unwrap().is_new);
    assert!(!use_case(&world).end(&world.organization, LIVE, id("a")).await.unwrap().was_active);
}

#[tokio::test]
async fn a_plan_that_was_lowered_keeps_who_is_active_and_takes_nobody_new() {
    let mut world = world(2);
    for id in ["a", "b"] {
        activate(&world, id).await.unwrap();
    }
    world.organization.plan.relationships = Ceiling::Limited(1);
    assert!(!activate(&world, "b").await.unwrap().is_new);
    let Err(PermitError::Exhausted(refusal)) = activate(&world, "c").await else { panic!() };
    assert_eq!(refusal.snapshot.usage.active_relationships, 2);
}
