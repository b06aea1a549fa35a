//! Where usage is counted.

use async_trait::async_trait;

use super::period::BillingPeriod;
use super::snapshot::Usage;
use crate::failure::PortFailure;
use crate::identity::{Environment, OrganizationId, is_printable_id};
use crate::time::Timestamp;

/// Counts usage by organization, environment and billing period.
///
/// Duty: counting is one conditional statement; an event id counts once for ever in an organization and
/// environment, and a relationship counts once in a billing period, also among concurrent calls. What
/// [`QuotaStore`](super::quota_ports::QuotaStore) counts is in the same use.
#[async_trait]
pub trait UsageStore: Send + Sync {
    /// Use in the period that begins at `period_start`; zero when nothing is stored.
    async fn usage(
        &self,
        organization: OrganizationId,
        environment: Environment,
        period_start: Timestamp,
    ) -> Result<Usage, PortFailure>;

    /// Counts events that have happened; each is a fact, so no ceiling stops it. All or nothing; tells for each
    /// event, in order, whether it was new.
    async fn record(
        &self,
        organization: OrganizationId,
        environment: Environment,
        events: Vec<UsageEvent>,
    ) -> Result<Vec<Recorded>, PortFailure>;
}

/// The platform's id of a usage event: 1 to 255 printable ASCII bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UsageEventId(String);

/// The platform's id of a relationship: 1 to 255 printable ASCII bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RelationshipId(String);

/// The text is not acceptable as an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to 255 printable ASCII characters")]
pub struct NotAnId;

macro_rules! printable_ids {
    ($($name:ident),+) => {$(
        impl $name {
            /// Validates `text`.
            pub fn new(text: impl Into<String>) -> Result<Self, NotAnId> {
                let text = text.into();
                if is_printable_id(&text) { Ok(Self(text)) } else { Err(NotAnId) }
            }

            /// The id as the platform wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

printable_ids!(UsageEventId, RelationshipId);

/// What was used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Consumption {
    /// So many turns; at most `i64::MAX` in sum.
    Turns(u32),
    /// This relationship was active.
    Relationship(RelationshipId),
}

/// A fact to be counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsageEvent {
    /// Its id, which makes a repetition count once.
    pub id: UsageEventId,
    /// When it happened.
    pub at: Timestamp,
    /// The billing period that holds `at`.
    pub period: BillingPeriod,
    /// What was used.
    pub consumption: Consumption,
}

/// Whether an event was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Recorded {
    /// It was new.
    Counted,
    /// Its id was known; nothing changed.
    Duplicate,
}
