use countersign_domain::quota::period::{AnchorDay, BillingPeriod};
use countersign_domain::quota::ports::{Consumption, RelationshipId, UsageEvent, UsageEventId};
use countersign_domain::time::Timestamp;

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
