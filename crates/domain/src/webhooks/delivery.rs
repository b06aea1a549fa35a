//! One event on its way to one webhook.

use std::time::Duration;

use super::backoff::next_attempt;
use super::webhook::WebhookKey;
use crate::identity::AuditEventId;
use crate::time::Timestamp;

/// How long the log of deliveries is kept.
pub const LOG_KEPT: Duration = Duration::from_hours(30 * 24);

/// Which delivery: the event's id names it within its webhook, and is what a receiver knows a repetition by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeliveryKey {
    /// To whom.
    pub webhook: WebhookKey,
    /// Of what.
    pub event: AuditEventId,
}

/// A delivery as the log shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Of which event.
    pub event: AuditEventId,
    /// The event's name.
    pub name: String,
    /// When it was queued, for the first time or again.
    pub queued_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// How the last attempt ended.
    pub last: Option<LastAttempt>,
    /// How things stand.
    pub state: DeliveryState,
}

/// The end of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LastAttempt {
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: AttemptOutcome,
}

/// How things stand with a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryState {
    /// It is to be tried.
    Pending {
        /// When; while it is being tried, when it is tried again should this process vanish.
        next_attempt_at: Timestamp,
    },
    /// The receiver has it.
    Delivered,
    /// It was given up.
    Abandoned,
}

impl DeliveryState {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Delivered => "delivered",
            Self::Abandoned => "abandoned",
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttemptOutcome {
    /// The receiver answered with this status.
    Answered(u16),
    /// There was no answer.
    Failed(SendFailure),
}

impl AttemptOutcome {
    /// Only 2xx says that the receiver has it; a redirect is not followed.
    pub const fn is_delivered(self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }
}

/// Why there was no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendFailure {
    /// The name leads to an address that is not acceptable.
    AddressRefused,
    /// The name leads nowhere.
    NameNotResolved,
    /// There was no connection, or no TLS over it.
    NotConnected,
    /// It took too long.
    TimedOut,
    /// The connection ended without an answer that can be read.
    NoAnswer,
}

impl SendFailure {
    const ALL: [Self; 5] =
        [Self::AddressRefused, Self::NameNotResolved, Self::NotConnected, Self::TimedOut, Self::NoAnswer];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressRefused => "address_refused",
            Self::NameNotResolved => "name_not_resolved",
            Self::NotConnected => "not_connected",
            Self::TimedOut => "timed_out",
            Self::NoAnswer => "no_answer",
        }
    }

    /// The failure of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.as_str() == text)
    }
}

/// A delivery that was tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TriedDelivery {
    /// When it was queued.
    pub queued_at: Timestamp,
}

impl TriedDelivery {
    /// What becomes of it after an attempt that ended at `now`; `jitter` is a random number.
    pub fn conclude(self, outcome: AttemptOutcome, now: Timestamp, jitter: u16) -> DeliveryState {
        if outcome.is_delivered() {
            return DeliveryState::Delivered;
        }
        match next_attempt(self.queued_at, now, jitter) {
            Some(next_attempt_at) => DeliveryState::Pending { next_attempt_at },
            None => DeliveryState::Abandoned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::backoff::GIVEN_UP_AFTER;
    use super::*;

    const QUEUED: Timestamp = Timestamp::from_seconds(1_000);

    fn conclude(outcome: AttemptOutcome, now: Timestamp) -> DeliveryState {
        TriedDelivery { queued_at: QUEUED }.conclude(outcome, now, 0)
    }

    #[test]
    fn only_2xx_is_delivered() {
        for status in [200, 204, 299] {
            assert_eq!(conclude(AttemptOutcome::Answered(status), QUEUED), DeliveryState::Delivered);
        }
        let again = DeliveryState::Pending { next_attempt_at: Timestamp::from_seconds(1_010) };
        for status in [100, 199, 300, 302, 404, 410, 500] {
            assert_eq!(conclude(AttemptOutcome::Answered(status), QUEUED), again, "{status}");
        }
        for failure in SendFailure::ALL {
            assert_eq!(conclude(AttemptOutcome::Failed(failure), QUEUED), again);
            assert_eq!(SendFailure::parse(failure.as_str()), Some(failure));
        }
    }

    #[test]
    fn what_failed_for_three_days_is_given_up_and_may_still_succeed_then() {
        let late = QUEUED.saturating_add(GIVEN_UP_AFTER);
        assert_eq!(conclude(AttemptOutcome::Answered(500), late), DeliveryState::Abandoned);
        assert_eq!(conclude(AttemptOutcome::Answered(200), late), DeliveryState::Delivered);
    }
}
