use std::num::NonZeroU32;
use std::time::Duration;

use countersign_domain::idempotency::key::IdempotencyKey;
use countersign_domain::identity::Environment;
use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::period::{AnchorDay, BillingPeriod};
use countersign_domain::quota::plan::Ceiling;
use countersign_domain::quota::ports::{Consumption, RelationshipId, UsageEvent, UsageEventId};
use countersign_domain::quota::quota_ports::{Activation, Repeatable, TurnConsumption};
use countersign_domain::time::Timestamp;

use super::identity::organization_id;

/// The billing period that holds `at` and begins on the first of the month.
pub fn period_at(at: Timestamp) -> BillingPeriod {
    BillingPeriod::containing(at, AnchorDay::new(1).unwrap())
}

/// So many turns at the instant `at`.
pub fn turns_event(id: &str, turns: u32, at: Timestamp) -> UsageEvent {
    event(id, at, Consumption::Turns(turns))
}

/// A relationship that was active at the instant `at`.
pub fn relationship_event(id: &str, relationship: &str, at: Timestamp) -> UsageEvent {
    event(id, at, Consumption::Relationship(RelationshipId::new(relationship).unwrap()))
}

fn event(id: &str, at: Timestamp, consumption: Consumption) -> UsageEvent {
    UsageEvent { id: UsageEventId::new(id).unwrap(), at, period: period_at(at), consumption }
}

/// What organization 1 may use at the instant `at`, live: so many turns and so many relationships.
pub fn allowance(at: Timestamp, turns: u64, relationships: u64) -> Allowance {
    Allowance {
        organization: organization_id(1),
        environment: Environment::Live,
        period: period_at(at),
        turns: Ceiling::Limited(turns),
        relationships: Ceiling::Limited(relationships),
    }
}

/// A consumption that is not known again.
pub fn consumption(allowance: Allowance, turns: u32) -> TurnConsumption {
    TurnConsumption { allowance, turns: NonZeroU32::new(turns).unwrap(), repeatable: None }
}

/// A consumption at the instant `at` that is known again by its key for a day.
pub fn repeatable(allowance: Allowance, turns: u32, key: &str, at: Timestamp) -> TurnConsumption {
    let (key, kept_until) = (IdempotencyKey::new(key).unwrap(), at.saturating_add(Duration::from_hours(24)));
    TurnConsumption { repeatable: Some(Repeatable { key, at, kept_until }), ..consumption(allowance, turns) }
}

/// A relationship under this allowance.
pub fn activation(allowance: Allowance, relationship: &str) -> Activation {
    Activation { allowance, relationship: RelationshipId::new(relationship).unwrap() }
}
