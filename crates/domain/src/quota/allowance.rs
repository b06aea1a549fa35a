//! What an organization may use at an instant.

use super::period::BillingPeriod;
use super::plan::Ceiling;
use super::snapshot::{QuotaSnapshot, Usage};
use crate::admission::organization::Organization;
use crate::identity::{Environment, OrganizationId};
use crate::time::Timestamp;

/// Whose use is counted, in which period, and up to which ceilings. The instant is looked at once, when this is made: a
/// call at the boundary of two periods belongs to one of them in all that follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Allowance {
    /// Whose use.
    pub organization: OrganizationId,
    /// Live and test use are counted apart.
    pub environment: Environment,
    /// The billing period.
    pub period: BillingPeriod,
    /// The ceiling of turns.
    pub turns: Ceiling,
    /// The ceiling of active relationships.
    pub relationships: Ceiling,
}

impl Allowance {
    /// What `organization` may use at the instant `now`.
    pub fn at(now: Timestamp, organization: &Organization, environment: Environment) -> Self {
        Self {
            organization: organization.id,
            environment,
            period: BillingPeriod::containing(now, organization.anchor_day),
            turns: organization.plan.turns,
            relationships: organization.plan.relationships,
        }
    }

    /// The whole picture, once it is known what was used.
    pub const fn snapshot(&self, usage: Usage) -> QuotaSnapshot {
        QuotaSnapshot { usage, turns: self.turns, relationships: self.relationships, period: self.period }
    }
}
