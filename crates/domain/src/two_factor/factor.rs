//! The life of a factor: pending, then enabled. No factor is "disabled"; absence is.

use std::time::Duration;

use super::lockout::{AttemptCounter, FailureWindow};
use super::params::Parameters;
use super::secret::SealedSecret;
use crate::identity::{FactorId, SetupId, Subject};
use crate::time::{TimeStep, Timestamp};

/// What all factors have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// Whose factor.
    pub subject: Subject,
    /// New at each set-up, so that the ciphertext of an earlier one cannot be put back.
    pub id: FactorId,
    /// The sealed secret.
    pub secret: SealedSecret,
    /// How codes are computed.
    pub parameters: Parameters,
}

/// A factor that is not proven yet; 2FA is off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingFactor {
    /// What does not change when it is enabled.
    pub binding: Binding,
    /// The set-up that made it, as the caller knows it.
    pub setup: SetupId,
    /// From this instant on it is gone.
    pub expires_at: Timestamp,
    /// Codes tried so far, the present one included.
    pub attempts: u8,
}

/// A factor that the user has proven to hold; 2FA is on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnabledFactor {
    /// What did not change since the set-up.
    pub binding: Binding,
    /// Since when.
    pub enabled_at: Timestamp,
    /// The largest step whose code was accepted; only larger ones are accepted from now on (RFC 6238,
    /// section 5.2).
    pub last_step: TimeStep,
    /// Wrong TOTP codes.
    pub totp_attempts: AttemptCounter,
    /// Wrong backup codes, counted apart: a locked TOTP leaves them usable.
    pub backup_code_attempts: AttemptCounter,
    /// Wrong codes of both kinds in the last weeks.
    pub recent_failures: FailureWindow,
}

/// The factor of a subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Factor {
    /// Not proven yet.
    Pending(PendingFactor),
    /// In force.
    Enabled(EnabledFactor),
}

impl Factor {
    /// What it has in every state.
    pub const fn binding(&self) -> &Binding {
        match self {
            Self::Pending(factor) => &factor.binding,
            Self::Enabled(factor) => &factor.binding,
        }
    }
}

/// The factor is not in a state from which this is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransition {
    /// The set-up has expired.
    #[error("the set-up has expired")]
    Expired,
    /// All attempts of the set-up are used up.
    #[error("no attempt is left")]
    NoAttemptLeft,
}

/// How long a set-up may stay pending, and how many codes may be tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PendingLimits {
    /// Life of a pending factor; 10 minutes (NIST SP 800-63B, binding codes).
    pub lifetime: Duration,
    /// Codes that may be tried; 5.
    pub attempts: u8,
}

impl Default for PendingLimits {
    fn default() -> Self {
        Self { lifetime: Duration::from_mins(10), attempts: 5 }
    }
}

impl PendingFactor {
    /// Whether it is gone at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Codes that may still be tried.
    pub const fn attempts_left(&self, limits: PendingLimits) -> u8 {
        limits.attempts.saturating_sub(self.attempts)
    }

    /// A right code, of `step`, turns the factor on. That step is spent: the code that confirmed a set-up signs
    /// nobody in.
    pub fn confirm(self, step: TimeStep, now: Timestamp) -> Result<EnabledFactor, InvalidTransition> {
        if self.is_expired(now) {
            return Err(InvalidTransition::Expired);
        }
        Ok(EnabledFactor {
            binding: self.binding,
            enabled_at: now,
            last_step: step,
            totp_attempts: AttemptCounter::default(),
            backup_code_attempts: AttemptCounter::default(),
            recent_failures: FailureWindow::default(),
        })
    }

    /// A wrong code leaves the factor pending while attempts are left.
    pub fn refuse(self, limits: PendingLimits) -> Result<Self, InvalidTransition> {
        if self.attempts_left(limits) == 0 { Err(InvalidTransition::NoAttemptLeft) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;
    use crate::identity::{Environment, OrganizationId, UserId};
    use crate::keys::KeyId;

    fn pending(attempts: u8) -> PendingFactor {
        PendingFactor {
            binding: Binding {
                subject: Subject {
                    organization: OrganizationId::new(Ulid::nil()),
                    environment: Environment::Live,
                    user: UserId::new("alice").unwrap(),
                },
                id: FactorId::new(Ulid::nil()),
                secret: SealedSecret { key: KeyId(1), bytes: vec![1] },
                parameters: Parameters::default(),
            },
            setup: SetupId::new(Ulid::nil()),
            expires_at: Timestamp::from_seconds(600),
            attempts,
        }
    }

    #[test]
    fn confirming_spends_the_step() {
        let enabled = pending(1).confirm(TimeStep::new(7), Timestamp::from_seconds(599)).unwrap();
        assert_eq!((enabled.last_step, enabled.enabled_at), (TimeStep::new(7), Timestamp::from_seconds(599)));
    }

    #[test]
    fn at_the_instant_of_expiry_it_is_expired() {
        let late = pending(1).confirm(TimeStep::new(7), Timestamp::from_seconds(600));
        assert_eq!(late, Err(InvalidTransition::Expired));
    }

    #[test]
    fn the_fifth_wrong_code_is_the_last() {
        let limits = PendingLimits::default();
        assert_eq!(pending(4).refuse(limits).map(|factor| factor.attempts_left(limits)), Ok(1));
        assert_eq!(pending(5).refuse(limits), Err(InvalidTransition::NoAttemptLeft));
    }
}
