//! What an organization asks of its users' second factors.

use std::time::Duration;

use super::lockout::LockoutPolicy;
use super::params::Digits;
use crate::time::Timestamp;

/// An organization's policy, within bounds that keep guessing hopeless.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
    pub digits: CodeLength,
}

/// A change of some fields; those that are `None` stay as they are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PolicyChange {
    /// Whether users need a second factor.
    pub require_2fa: Option<bool>,
    /// From when on; `Some(None)` means at once.
    pub enforce_after: Option<Option<Timestamp>>,
    /// Consecutive wrong TOTP codes that lock for the first time.
    pub max_attempts: Option<MaxAttempts>,
    /// The first lock.
    pub lock: Option<LockLength>,
    /// The length of the codes of new factors.
    pub digits: Option<CodeLength>,
}

/// Six or eight digits; six, which every authenticator understands, by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeLength {
    /// Six.
    Six,
    /// Eight.
    Eight,
}

/// 3 to 10 consecutive wrong codes; 5 by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxAttempts(u8);

/// 30 to 3,600 seconds (NIST SP 800-63B, section 5.2.2: from 30 seconds up to an hour); 60 by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockLength(u16);

impl CodeLength {
    /// From the number of digits; `None` unless 6 or 8.
    pub const fn from_count(count: u8) -> Option<Self> {
        match count {
            6 => Some(Self::Six),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// As a parameter of a factor.
    pub const fn digits(self) -> Digits {
        match self {
            Self::Six => Digits::Six,
            Self::Eight => Digits::Eight,
        }
    }
}

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
            digits: CodeLength::Six,
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

    /// The fields in which `new` differs, with what they were and what they are.
    pub(crate) fn differences(&self, new: &Self) -> Vec<(&'static str, String)> {
        let fields = FIELDS.iter().filter(|(_, _, value)| value(self) != value(new));
        fields.flat_map(|(was, is, value)| [(*was, value(self)), (*is, value(new))]).collect()
    }
}

/// The names of a field's old and new value in the audit trail, and how the value is written there.
type Field = (&'static str, &'static str, fn(&OrganizationPolicy) -> String);

const FIELDS: [Field; 5] = [
    ("old_require_2fa", "new_require_2fa", |policy| policy.require_2fa.to_string()),
    ("old_enforce_after", "new_enforce_after", |policy| {
        policy.enforce_after.map_or_else(|| "none".to_owned(), |from| from.to_string())
    }),
    ("old_max_attempts", "new_max_attempts", |policy| policy.max_attempts.0.to_string()),
    ("old_lock_seconds", "new_lock_seconds", |policy| policy.lock.0.to_string()),
    ("old_digits", "new_digits", |policy| policy.digits.digits().count().to_string()),
];

impl PolicyChange {
    /// `policy` with this change.
    pub fn applied_to(&self, policy: OrganizationPolicy) -> OrganizationPolicy {
        OrganizationPolicy {
            require_2fa: self.require_2fa.unwrap_or(policy.require_2fa),
            enforce_after: self.enforce_after.unwrap_or(policy.enforce_after),
            max_attempts: self.max_attempts.unwrap_or(policy.max_attempts),
            lock: self.lock.unwrap_or(policy.lock),
            digits: self.digits.unwrap_or(policy.digits),
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
        assert!([30, 3_600].iter().all(|n| LockLength::from_seconds(*n).is_some()));
        assert_eq!([5, 7, 9].map(CodeLength::from_count), [None; 3]);
    }

    #[test]
    fn a_change_touches_only_what_it_names_and_can_be_told() {
        let old = OrganizationPolicy::default();
        assert_eq!(PolicyChange::default().applied_to(old), old);
        assert_eq!(old.differences(&old), []);

        let from = Timestamp::from_seconds(0);
        let attempts = MaxAttempts::new(3);
        let change = PolicyChange {
            enforce_after: Some(Some(from)),
            max_attempts: attempts,
            ..PolicyChange::default()
        };
        let new = change.applied_to(old);
        assert_eq!(
            new,
            OrganizationPolicy { enforce_after: Some(from), max_attempts: attempts.unwrap(), ..old }
        );
        let told = [
            ("old_enforce_after", "none"),
            ("new_enforce_after", "1970-01-01T00:00:00.000Z"),
            ("old_max_attempts", "5"),
            ("new_max_attempts", "3"),
        ];
        assert_eq!(old.differences(&new), told.map(|(name, text)| (name, text.to_owned())));

        let at_once = PolicyChange { enforce_after: Some(None), ..PolicyChange::default() };
        assert_eq!(at_once.applied_to(new).enforce_after, None);
    }
}
