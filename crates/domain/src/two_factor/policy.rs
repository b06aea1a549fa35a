//! What an organization asks of its users' second factors.

use std::time::Duration;

use super::lockout::LockoutPolicy;
use super::params::Digits;
use crate::time::Timestamp;

/// An organization's policy, within bounds that keep guessing hopeless.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrganizationPolicy {
    /// Whether users need a second factor.
    pub require_2fa: bool,
    /// From when on they need it; at once when `None`.
    pub enforce_after: Option<Timestamp>,
    /// Consecutive wrong TOTP codes that lock for the first time.
    pub max_attempts: MaxAttempts,
    /// The first lock.
    pub lock: LockLength,
    /// The length of the codes of new factors.
    pub digits: Digits,
}

/// 3 to 10 consecutive wrong codes; 5 by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxAttempts(u8);

/// 30 to 3,600 seconds (NIST SP 800-63B, section 5.2.2: from 30 seconds up to an hour); 60 by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockLength(u16);

impl MaxAttempts {
    /// From the number; `None` unless 3 to 10.
    pub const fn new(attempts: u8) -> Option<Self> {
        if attempts >= 3 && attempts <= 10 { Some(Self(attempts)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl LockLength {
    /// From seconds; `None` unless 30 to 3,600.
    pub const fn from_seconds(seconds: u16) -> Option<Self> {
        if seconds >= 30 && seconds <= 3_600 { Some(Self(seconds)) } else { None }
    }

    /// In seconds.
    pub const fn as_seconds(self) -> u16 {
        self.0
    }
}

impl Default for OrganizationPolicy {
    fn default() -> Self {
        Self {
            require_2fa: false,
            enforce_after: None,
            max_attempts: MaxAttempts(5),
            lock: LockLength(60),
            digits: Digits::Six,
        }
    }
}

impl OrganizationPolicy {
    /// Whether users need a second factor at `now`.
    pub fn requires_2fa(&self, now: Timestamp) -> bool {
        self.require_2fa && self.enforce_after.is_none_or(|from| from <= now)
    }

    /// When wrong TOTP codes lock.
    pub fn lockout(&self) -> LockoutPolicy {
        LockoutPolicy {
            attempts: u32::from(self.max_attempts.0),
            first_lock: Duration::from_secs(u64::from(self.lock.0)),
            ..LockoutPolicy::TOTP
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_asks_for_nothing_and_locks_as_recommended() {
        let policy = OrganizationPolicy::default();
        assert!(!policy.requires_2fa(Timestamp::from_seconds(i64::MAX)));
        assert_eq!(policy.lockout(), LockoutPolicy::TOTP);
    }

    #[test]
    fn a_requirement_begins_at_its_date() {
        let from = Timestamp::from_seconds(100);
        let policy = OrganizationPolicy {
            require_2fa: true,
            enforce_after: Some(from),
            ..OrganizationPolicy::default()
        };
        assert!(!policy.requires_2fa(Timestamp::from_micros(99_999_999)));
        assert!(policy.requires_2fa(from));
    }

    #[test]
    fn nobody_can_set_an_unsafe_lockout() {
        assert_eq!([2, 11].map(MaxAttempts::new), [None, None]);
        assert_eq!([29, 3_601].map(LockLength::from_seconds), [None, None]);
        assert!([3, 10].iter().all(|n| MaxAttempts::new(*n).is_some()));
    }
}
