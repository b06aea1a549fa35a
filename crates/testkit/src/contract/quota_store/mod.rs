//! The contract of [`QuotaStore`](countersign_domain::quota::quota_ports::QuotaStore).

mod answers;
mod contention;
mod relationships;
mod spans;
mod turns;

use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::quota_ports::{ActivationDecision, Ended, TurnConsumption, TurnsDecision};
use countersign_domain::quota::snapshot::Usage;
use countersign_domain::time::Timestamp;

use super::{Case, Stores};
use crate::build::activation;

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    [turns::cases(), answers::cases(), relationships::cases(), spans::cases(), contention::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// 2026-02-01, the period after that of [`NOW`](crate::build::NOW).
const FEBRUARY: Timestamp = Timestamp::from_seconds(1_769_904_000);
/// 2026-03-01, the period after that.
const MARCH: Timestamp = Timestamp::from_seconds(1_772_323_200);

impl Stores {
    async fn consume(&self, consumption: TurnConsumption) -> TurnsDecision {
        self.quotas.consume_turns(consumption).await.unwrap()
    }

    async fn activate(&self, allowance: Allowance, relationship: &str) -> ActivationDecision {
        self.quotas.activate(activation(allowance, relationship)).await.unwrap()
    }

    async fn end(&self, allowance: Allowance, relationship: &str) -> Ended {
        self.quotas.end(activation(allowance, relationship)).await.unwrap()
    }

    /// What is used of an allowance.
    async fn use_of(&self, allowance: Allowance) -> Usage {
        let Allowance { organization, environment, period, .. } = allowance;
        self.usage.usage(organization, environment, period.starts_at).await.unwrap()
    }

    async fn turns_of(&self, allowance: Allowance) -> u64 {
        self.use_of(allowance).await.turns
    }

    async fn active_of(&self, allowance: Allowance) -> u64 {
        self.use_of(allowance).await.active_relationships
    }
}

/// Counted, with so many turns used afterwards.
fn counted(allowance: Allowance, turns: u64) -> TurnsDecision {
    TurnsDecision::Counted(allowance.snapshot(Usage { turns, ..Usage::default() }))
}

/// Refused, with so many turns used.
fn exhausted(allowance: Allowance, turns: u64) -> TurnsDecision {
    TurnsDecision::Exhausted(allowance.snapshot(Usage { turns, ..Usage::default() }))
}

/// Activated, with so many active afterwards.
fn activated(allowance: Allowance, active: u64) -> ActivationDecision {
    ActivationDecision::Activated(allowance.snapshot(of_relationships(active)))
}

fn already_active(allowance: Allowance, active: u64) -> ActivationDecision {
    ActivationDecision::AlreadyActive(allowance.snapshot(of_relationships(active)))
}

fn no_room(allowance: Allowance, active: u64) -> ActivationDecision {
    ActivationDecision::Exhausted(allowance.snapshot(of_relationships(active)))
}

fn ended(allowance: Allowance, was_active: bool, active: u64) -> Ended {
    Ended { was_active, snapshot: allowance.snapshot(of_relationships(active)) }
}

fn of_relationships(active_relationships: u64) -> Usage {
    Usage { active_relationships, ..Usage::default() }
}
