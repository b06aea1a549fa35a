//! What an organization has used in the present billing period, beside what it may use.

use super::period::BillingPeriod;
use super::plan::Ceiling;

/// Use so far.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Usage {
    /// Turns consumed.
    pub turns: u64,
    /// Distinct relationships that were active.
    pub active_relationships: u64,
}

/// Use, ceilings and period at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuotaSnapshot {
    /// Use so far.
    pub usage: Usage,
    /// The ceiling of turns.
    pub turns: Ceiling,
    /// The ceiling of active relationships.
    pub relationships: Ceiling,
    /// The billing period.
    pub period: BillingPeriod,
}
