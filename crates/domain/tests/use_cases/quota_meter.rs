//! Reading an organization's quota, and applying the rule to it.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::meter::{PermitError, QuotaMeter};
use countersign_domain::quota::period::AnchorDay;
use countersign_domain::quota::plan::Ceiling;
use countersign_domain::quota::ports::{Recorded, UsageEvent, UsageStore};
use countersign_domain::quota::rule::{Operation, QuotaComponent};
use countersign_domain::quota::snapshot::Usage;
use countersign_domain::time::Timestamp;
use countersign_testkit::build::{NOW, period_at, relationship_event, turns_event};

use crate::world::World;

const LIVE: Environment = Environment::Live;

async fn stopped_by(world: &World, operation: Operation) -> Option<QuotaComponent> {
    match world.quota().permit(operation, &world.organization, LIVE).await {
        Ok(()) => None,
        Err(PermitError::Exhausted(refusal)) => Some(refusal.component),
        Err(PermitError::Failure(failure)) => panic!("{failure:?}"),
    }
}

#[tokio::test]
async fn a_snapshot_shows_use_ceilings_and_period() {
    let world = World::new();
    world.use_up(vec![turns_event("1", 42, NOW), relationship_event("2", "r1", NOW)]).await;
    let snapshot = world.quota().snapshot(&world.organization, LIVE).await.unwrap();
    assert_eq!(snapshot.usage, Usage { turns: 42, active_relationships: 1 });
    assert_eq!((snapshot.turns, snapshot.relationships), (Ceiling::Limited(1_000), Ceiling::Limited(100)));
    assert_eq!(snapshot.period, period_at(NOW));
    let trial = world.quota().snapshot(&world.organization, Environment::Test).await.unwrap();
    assert_eq!(trial.usage, Usage::default());
}

#[tokio::test]
async fn the_period_follows_the_anchor_day() {
    let mut world = World::new();
    world.organization.anchor_day = AnchorDay::new(16).unwrap();
    let period = world.quota().snapshot(&world.organization, LIVE).await.unwrap().period;
    assert_eq!(period.starts_at.to_string(), "2025-12-16T00:00:00.000Z");
    assert_eq!(period.ends_at.to_string(), "2026-01-16T00:00:00.000Z");
}

#[tokio::test]
async fn used_up_quota_stops_its_own_use_and_the_start_of_set_ups_only() {
    let world = World::new();
    world.use_up(vec![turns_event("1", 1_000, NOW)]).await;
    for operation in [Operation::ConsumeTurns, Operation::StartSetup] {
        assert_eq!(stopped_by(&world, operation).await, Some(QuotaComponent::Turns), "{operation:?}");
    }
    let free = [
        Operation::ActivateRelationship,
        Operation::VerifySetup,
        Operation::Verify,
        Operation::RegenerateBackupCodes,
        Operation::Disable,
        Operation::Reset,
        Operation::Read,
    ];
    for operation in free {
        assert_eq!(stopped_by(&world, operation).await, None, "{operation:?}");
    }
}

#[tokio::test]
async fn the_next_period_begins_with_nothing_used() {
    let world = World::new();
    world.use_up(vec![turns_event("1", 1_000, NOW)]).await;
    assert_eq!(stopped_by(&world, Operation::StartSetup).await, Some(QuotaComponent::Turns));
    world.clock.set(period_at(NOW).ends_at);
    assert_eq!(stopped_by(&world, Operation::StartSetup).await, None);
}

struct BrokenUsage;

#[async_trait]
impl UsageStore for BrokenUsage {
    async fn usage(
        &self,
        _organization: OrganizationId,
        _environment: Environment,
        _period_start: Timestamp,
    ) -> Result<Usage, PortFailure> {
        Err(PortFailure::unavailable("no counters"))
    }

    async fn record(
        &self,
        _organization: OrganizationId,
        _environment: Environment,
        _events: Vec<UsageEvent>,
    ) -> Result<Vec<Recorded>, PortFailure> {
        Err(PortFailure::unavailable("no counters"))
    }
}

#[tokio::test]
async fn counters_that_cannot_be_read_neither_stop_nor_permit() {
    let world = World::new();
    let meter = QuotaMeter { clock: world.clock.clone(), usage: Arc::new(BrokenUsage) };
    let failed = meter.permit(Operation::StartSetup, &world.organization, LIVE).await;
    assert!(matches!(failed, Err(PermitError::Failure(PortFailure::Unavailable(_)))), "{failed:?}");
}
