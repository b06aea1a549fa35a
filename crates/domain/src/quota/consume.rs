//! The use case: consume turns, never above the ceiling, and once however often the call is sent.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::allowance::Allowance;
use super::meter::QuotaRefusal;
use super::quota_ports::{QuotaStore, Repeatable, TurnConsumption, TurnsDecision};
use super::rule::QuotaComponent;
use super::snapshot::QuotaSnapshot;
use crate::admission::organization::Organization;
use crate::failure::PortFailure;
use crate::idempotency::key::IdempotencyKey;
use crate::identity::Environment;
use crate::time::Clock;

/// How long a call is known again by its idempotency key.
pub const ANSWERS_ARE_KEPT: Duration = Duration::from_hours(24);

/// The use case.
pub struct ConsumeTurns {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The counters.
    pub quotas: Arc<dyn QuotaStore>,
}

/// Turns that are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TurnsConsumed {
    /// The quota right after they were counted.
    pub snapshot: QuotaSnapshot,
    /// Whether an earlier call with the same key had counted them.
    pub repeated: bool,
}

/// Why no turns were consumed.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeTurnsError {
    /// They do not fit under the ceiling; none of them is counted.
    #[error(transparent)]
    Exhausted(QuotaRefusal),
    /// The idempotency key was used for another number of turns.
    #[error("the idempotency key was used for another number of turns; use a new key for a new call")]
    OtherCall,
    /// The counters could not be used.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

impl ConsumeTurns {
    /// Consumes `turns` in the present billing period, all or none.
    pub async fn run(
        &self,
        organization: &Organization,
        environment: Environment,
        turns: NonZeroU32,
        key: Option<IdempotencyKey>,
    ) -> Result<TurnsConsumed, ConsumeTurnsError> {
        let now = self.clock.now();
        let kept_until = now.saturating_add(ANSWERS_ARE_KEPT);
        let consumption = TurnConsumption {
            allowance: Allowance::at(now, organization, environment),
            turns,
            repeatable: key.map(|key| Repeatable { key, at: now, kept_until }),
        };
        match self.quotas.consume_turns(consumption).await? {
            TurnsDecision::Counted(snapshot) => Ok(TurnsConsumed { snapshot, repeated: false }),
            TurnsDecision::Repeated(snapshot) => Ok(TurnsConsumed { snapshot, repeated: true }),
            TurnsDecision::OtherCall => Err(ConsumeTurnsError::OtherCall),
            TurnsDecision::Exhausted(snapshot) => {
                let component = QuotaComponent::Turns;
                Err(ConsumeTurnsError::Exhausted(QuotaRefusal { component, snapshot }))
            }
        }
    }
}
