//! Where use is counted that a ceiling bounds.

use std::num::NonZeroU32;

use async_trait::async_trait;

use super::allowance::Allowance;
use super::ports::RelationshipId;
use super::snapshot::QuotaSnapshot;
use crate::failure::PortFailure;
use crate::idempotency::key::IdempotencyKey;
use crate::time::Timestamp;

/// Uses up quotas; the use is the same that [`UsageStore`](super::ports::UsageStore) reads and adds to.
///
/// Duty: whether something fits is decided by the conditional statement that counts it, so that a ceiling is never
/// passed and no count is lost, also among concurrent calls on several nodes. A relationship that is activated stays
/// active, and is counted, in that period and all later ones until it is ended; the period in which it is ended still
/// counts it. Nothing needs to run at the turn of a period.
#[async_trait]
pub trait QuotaStore: Send + Sync {
    /// Consumes turns, all or none. With a [`Repeatable`] it also keeps its answer, in the same transaction, if it
    /// counted: the same call again counts nothing and gets that answer. A call that found no room keeps nothing, and
    /// is decided anew when it is repeated.
    async fn consume_turns(&self, consumption: TurnConsumption) -> Result<TurnsDecision, PortFailure>;

    /// Makes a relationship active. One that is counted in the period already needs no room.
    async fn activate(&self, activation: Activation) -> Result<ActivationDecision, PortFailure>;

    /// Ends a relationship with the period of the allowance; its place is free from the next one on. Events that were recorded
    /// while it was active are part of it, so one of a period that is still to come is not counted apart.
    async fn end(&self, activation: Activation) -> Result<Ended, PortFailure>;

    /// Removes up to `limit` answers that are not kept any more at the instant `now`; tells how many.
    async fn purge_answers(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure>;
}

/// Turns to be consumed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TurnConsumption {
    /// Whose, and up to which ceiling.
    pub allowance: Allowance,
    /// How many.
    pub turns: NonZeroU32,
    /// How to know the same call again, if the caller wants that.
    pub repeatable: Option<Repeatable>,
}

/// What makes a repetition count once. Keys belong to an organization and environment, whichever of its API keys calls:
/// a retry may come after a key was replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repeatable {
    /// The caller's name for the call.
    pub key: IdempotencyKey,
    /// Now: what is kept until an instant that is not later than this one is forgotten.
    pub at: Timestamp,
    /// Until when the answer is kept.
    pub kept_until: Timestamp,
}

/// What became of turns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum TurnsDecision {
    /// They are counted; the use includes them.
    Counted(QuotaSnapshot),
    /// The same call was counted before; what it was told then.
    Repeated(QuotaSnapshot),
    /// The key belongs to a call with another number of turns; nothing changed.
    OtherCall,
    /// They do not fit; nothing changed.
    Exhausted(QuotaSnapshot),
}

impl TurnsDecision {
    /// Whether this call counted something.
    pub const fn is_counted(&self) -> bool {
        matches!(self, Self::Counted(_))
    }
}

/// A relationship and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activation {
    /// Whose, and up to which ceiling.
    pub allowance: Allowance,
    /// Which one.
    pub relationship: RelationshipId,
}

/// What became of an activation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum ActivationDecision {
    /// It was not active; now it is.
    Activated(QuotaSnapshot),
    /// It was active; nothing changed.
    AlreadyActive(QuotaSnapshot),
    /// There is no room for one more; nothing changed.
    Exhausted(QuotaSnapshot),
}

/// What became of ending a relationship.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Whether it was active.
    pub was_active: bool,
    /// Use afterwards.
    pub snapshot: QuotaSnapshot,
}
