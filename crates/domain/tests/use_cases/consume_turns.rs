//! Consuming turns.

use std::num::NonZeroU32;
use std::time::Duration;

use countersign_domain::idempotency::key::IdempotencyKey;
use countersign_domain::identity::Environment;
use countersign_domain::quota::consume::{ANSWERS_ARE_KEPT, ConsumeTurns, ConsumeTurnsError, TurnsConsumed};
use countersign_domain::quota::period::{AnchorDay, BillingPeriod};
use countersign_domain::quota::plan::Ceiling;
use countersign_domain::quota::rule::QuotaComponent;
use countersign_domain::time::{Clock as _, Timestamp};
use countersign_testkit::build::{NOW, period_at, turns_event};
use proptest::prelude::*;

use crate::world::World;

const LIVE: Environment = Environment::Live;

async fn consume(world: &World, turns: u32, key: Option<&str>) -> Result<TurnsConsumed, ConsumeTurnsError> {
    let use_case = ConsumeTurns { clock: world.clock.clone(), quotas: world.stores.usage.clone() };
    let key = key.map(|key| IdempotencyKey::new(key).unwrap());
    use_case.run(&world.organization, LIVE, NonZeroU32::new(turns).unwrap(), key).await
}

async fn used(world: &World) -> u64 {
    world.quota().snapshot(&world.organization, LIVE).await.unwrap().usage.turns
}

/// A world in which a period allows so many turns.
fn world(turns: u64) -> World {
    let mut world = World::new();
    world.organization.plan.turns = Ceiling::Limited(turns);
    world
}

#[tokio::test]
async fn turns_are_counted_until_the_ceiling_and_then_refused_with_the_whole_picture() {
    let world = world(10);
    let consumed = consume(&world, 10, None).await.unwrap();
    assert_eq!((consumed.snapshot.usage.turns, consumed.repeated), (10, false));
    assert_eq!(consumed.snapshot.period, period_at(NOW));
    let Err(ConsumeTurnsError::Exhausted(refusal)) = consume(&world, 1, None).await else { panic!() };
    assert_eq!(refusal.component, QuotaComponent::Turns);
    assert_eq!(refusal.snapshot, consumed.snapshot);
}

#[tokio::test]
async fn a_call_is_known_again_for_a_day() {
    let world = world(10);
    let first = consume(&world, 4, Some("k")).await.unwrap();
    let begun = world.clock.now();
    world.clock.set(begun.saturating_add(ANSWERS_ARE_KEPT).saturating_sub(Duration::from_micros(1)));
    let again = consume(&world, 4, Some("k")).await.unwrap();
    assert_eq!(again, TurnsConsumed { repeated: true, ..first });
    let other = consume(&world, 5, Some("k")).await;
    assert!(matches!(other, Err(ConsumeTurnsError::OtherCall)), "{other:?}");
    world.clock.advance(Duration::from_micros(1));
    assert!(!consume(&world, 4, Some("k")).await.unwrap().repeated);
    assert_eq!(used(&world).await, 8);
}

#[tokio::test]
async fn the_last_instant_of_a_period_and_the_first_of_the_next_are_counted_apart() {
    let world = world(10);
    let boundary = period_at(NOW).ends_at;
    world.clock.set(boundary.saturating_sub(Duration::from_micros(1)));
    let last = consume(&world, 10, None).await.unwrap();
    assert_eq!(last.snapshot.period.ends_at, boundary);
    assert!(consume(&world, 1, None).await.is_err());
    world.clock.set(boundary);
    let first = consume(&world, 10, None).await.unwrap();
    assert_eq!((first.snapshot.period.starts_at, first.snapshot.usage.turns), (boundary, 10));
}

#[tokio::test]
async fn a_plan_that_changes_within_a_period_loses_nothing() {
    let mut world = world(10);
    consume(&world, 8, None).await.unwrap();
    world.organization.plan.turns = Ceiling::Limited(5);
    let Err(ConsumeTurnsError::Exhausted(refusal)) = consume(&world, 1, None).await else { panic!() };
    assert_eq!((refusal.snapshot.usage.turns, refusal.snapshot.turns), (8, Ceiling::Limited(5)));
    world.organization.plan.turns = Ceiling::Limited(9);
    consume(&world, 1, None).await.unwrap();
    world.organization.plan.turns = Ceiling::Unlimited;
    consume(&world, u32::MAX, None).await.unwrap();
    assert_eq!(used(&world).await, 9 + u64::from(u32::MAX));
}

#[tokio::test]
async fn what_a_file_recorded_is_used_too() {
    let world = world(10);
    world.use_up(vec![turns_event("1", 7, NOW)]).await;
    assert!(consume(&world, 4, None).await.is_err());
    assert_eq!(consume(&world, 3, None).await.unwrap().snapshot.usage.turns, 10);
}

proptest! {
    #[test]
    fn around_every_boundary_each_call_belongs_to_exactly_one_period(
        seconds in 0_i64..4_000_000_000, anchor in 1_u8..=31, offsets in prop::collection::vec(-3_i64..3, 1..12),
    ) {
        let anchor = AnchorDay::new(anchor).unwrap();
        let boundary = BillingPeriod::containing(Timestamp::from_seconds(seconds), anchor).ends_at;
        let mut world = world(u64::MAX);
        world.organization.anchor_day = anchor;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (before, after) = runtime.block_on(async {
            for offset in &offsets {
                world.clock.set(Timestamp::from_micros(boundary.as_micros() + offset));
                let told = consume(&world, 1, None).await.unwrap().snapshot.period;
                assert!(told.starts_at <= world.clock.now() && world.clock.now() < told.ends_at);
            }
            world.clock.set(Timestamp::from_micros(boundary.as_micros() - 1));
            let before = used(&world).await;
            world.clock.set(boundary);
            (before, used(&world).await)
        });
        let early = offsets.iter().filter(|offset| **offset < 0).count();
        prop_assert_eq!(before, u64::try_from(early).unwrap());
        prop_assert_eq!(after, u64::try_from(offsets.len() - early).unwrap());
    }
}
