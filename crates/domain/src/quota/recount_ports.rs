//! Whether the counters of usage are what their rows tell.

use async_trait::async_trait;

use crate::failure::PortFailure;
use crate::identity::{Environment, OrganizationId};
use crate::time::Timestamp;

/// Counts usage again.
///
/// Duty: both methods compare numbers of one instant. Turns that were consumed up to a ceiling have no rows; they are taken as
/// they are.
#[async_trait]
pub trait UsageRecount: Send + Sync {
    /// The counters that are not what their rows tell, by ascending period. Nothing changes.
    async fn miscounts(
        &self,
        organization: OrganizationId,
        environment: Environment,
    ) -> Result<Vec<Miscount>, PortFailure>;

    /// Sets these counters to what their rows tell; tells what was wrong.
    async fn mend(
        &self,
        organization: OrganizationId,
        environment: Environment,
    ) -> Result<Vec<Miscount>, PortFailure>;
}

/// What is counted in a billing period and can be counted again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counter {
    /// Turns of recorded events.
    RecordedTurns,
    /// Relationships that the period was the first one of.
    RelationshipsBegun,
    /// Relationships that the period was the last one of.
    RelationshipsEnded,
}

impl Counter {
    /// `recorded_turns`, `relationships_begun` or `relationships_ended`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecordedTurns => "recorded_turns",
            Self::RelationshipsBegun => "relationships_begun",
            Self::RelationshipsEnded => "relationships_ended",
        }
    }
}

/// A counter that is not what its rows tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Miscount {
    /// The first instant of the billing period.
    pub period_start: Timestamp,
    /// Which counter.
    pub counter: Counter,
    /// What it says.
    pub stored: u64,
    /// What the rows tell.
    pub counted: u64,
}
