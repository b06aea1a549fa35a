//! How wrong codes lock a factor.
//!
//! Counters stand beside the factor, are charged before a code is looked at, and never age: a lock that lifts by
//! itself is soft; after a hard limit only a reset or a new enrolment helps (NIST SP 800-63B, section 5.2.2, allows at
//! most 100 consecutive failures).

use std::time::Duration;

use crate::time::Timestamp;

/// When and for how long a counter locks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockoutPolicy {
    /// Consecutive wrong codes that lock for the first time.
    pub attempts: u32,
    /// The first lock; each further wrong code doubles it.
    pub first_lock: Duration,
    /// No soft lock is longer.
    pub longest_lock: Duration,
    /// Consecutive wrong codes after which the lock does not lift by itself.
    pub hard_limit: u32,
}

impl LockoutPolicy {
    /// TOTP: 5 wrong codes lock for 60 seconds, doubling to an hour; 50 lock for good. With a window of three steps
    /// that leaves a guesser a chance of 0.015 % in total.
    pub const TOTP: Self = Self {
        attempts: 5,
        first_lock: Duration::from_mins(1),
        longest_lock: Duration::from_hours(1),
        hard_limit: 50,
    };

    /// Backup codes: 10 wrong codes lock for 60 seconds, doubling to an hour; 100 lock for good. Eighty random bits need
    /// no limit on guessing; this one protects the processor.
    pub const BACKUP_CODES: Self = Self { attempts: 10, hard_limit: 100, ..Self::TOTP };

    /// How long the wrong code with this number locks; `None` while codes are left.
    fn lock_after(self, consecutive: u32) -> Option<Duration> {
        let beyond = consecutive.checked_sub(self.attempts)?;
        let factor = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX);
        Some(self.first_lock.saturating_mul(factor).min(self.longest_lock))
    }
}

/// Consecutive wrong codes of one kind, and what they led to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct AttemptCounter {
    /// Wrong codes since the last right one.
    pub consecutive: u32,
    /// Until when nothing is looked at.
    pub locked_until: Option<Timestamp>,
}

/// Wrong codes of a factor, of whatever kind, within a window that begins with the first of them. Unlike a counter of
/// consecutive ones it is not cleared by a right code: somebody who tries a few codes after each sign-in of the owner never
/// locks the factor, but shows here.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FailureWindow {
    /// When the window began; `None` before the first wrong code.
    pub since: Option<Timestamp>,
    /// Wrong codes within it.
    pub failures: u32,
}

impl FailureWindow {
    /// How long a window is.
    pub const LENGTH: Duration = Duration::from_hours(30 * 24);
    /// So many wrong codes are worth an event of their own, once in a window.
    pub const MANY: u32 = 30;

    /// With one more wrong code at `now`.
    #[must_use]
    pub fn counted(self, now: Timestamp) -> Self {
        match self.since {
            Some(since) if since > now.saturating_sub(Self::LENGTH) => {
                Self { since: Some(since), failures: self.failures.saturating_add(1) }
            }
            _ => Self { since: Some(now), failures: 1 },
        }
    }

    /// Whether the last wrong code made them many.
    pub const fn became_many(self) -> bool {
        self.failures == Self::MANY
    }
}

/// A lock in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lock {
    /// It lifts by itself.
    Until(Timestamp),
    /// It lifts only by a reset or a new enrolment.
    Hard,
}

impl Lock {
    /// When it lifts by itself.
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Until(at) => Some(at),
            Self::Hard => None,
        }
    }
}

impl AttemptCounter {
    /// The lock in force at `now`.
    pub fn lock(self, policy: LockoutPolicy, now: Timestamp) -> Option<Lock> {
        if self.consecutive >= policy.hard_limit {
            return Some(Lock::Hard);
        }
        self.locked_until.filter(|until| *until > now).map(Lock::Until)
    }

    /// Charges one attempt as if it were wrong; a right code clears it again in the same transaction. A locked counter
    /// is not charged, so attempts while locked do not make the lock longer.
    pub fn charge(self, policy: LockoutPolicy, now: Timestamp) -> Result<Self, Lock> {
        match self.lock(policy, now) {
            Some(lock) => Err(lock),
            None => Ok(Self::charged(self.consecutive.saturating_add(1), policy, now)),
        }
    }

    /// The counter after an attempt that a store has charged with one conditional statement, as the number `consecutive`.
    pub fn charged(consecutive: u32, policy: LockoutPolicy, now: Timestamp) -> Self {
        let locked_until = policy.lock_after(consecutive).map(|lock| now.saturating_add(lock));
        Self { consecutive, locked_until }
    }

    /// Wrong codes that are left before the next lock.
    pub const fn attempts_left(self, policy: LockoutPolicy) -> u32 {
        policy.attempts.saturating_sub(self.consecutive)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(wrong: u32, now: Timestamp) -> AttemptCounter {
        (0..wrong).fold(AttemptCounter::default(), |counter, _| {
            let now = counter.locked_until.unwrap_or(now);
            counter.charge(LockoutPolicy::TOTP, now).unwrap()
        })
    }

    #[test]
    fn the_fifth_wrong_code_locks_for_a_minute() {
        let now = Timestamp::from_seconds(1_000);
        assert_eq!(after(4, now).lock(LockoutPolicy::TOTP, now), None);
        assert_eq!(after(4, now).attempts_left(LockoutPolicy::TOTP), 1);
        let until = Timestamp::from_seconds(1_060);
        assert_eq!(after(5, now).lock(LockoutPolicy::TOTP, now), Some(Lock::Until(until)));
        assert_eq!(after(5, now).lock(LockoutPolicy::TOTP, until), None);
    }

    #[test]
    fn locks_double_up_to_an_hour() {
        let minutes: Vec<_> =
            (5..14).map(|wrong| LockoutPolicy::TOTP.lock_after(wrong).unwrap().as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn the_fiftieth_wrong_code_locks_for_good() {
        let now = Timestamp::from_seconds(0);
        let counter = after(50, now);
        let years_later = Timestamp::from_seconds(1_000_000_000);
        assert_eq!(counter.lock(LockoutPolicy::TOTP, years_later), Some(Lock::Hard));
        assert_eq!(counter.charge(LockoutPolicy::TOTP, years_later), Err(Lock::Hard));
        assert_eq!(Lock::Hard.until(), None);
    }

    #[test]
    fn a_locked_counter_is_not_charged() {
        let now = Timestamp::from_seconds(0);
        let locked = after(5, now);
        assert!(matches!(locked.charge(LockoutPolicy::TOTP, now), Err(Lock::Until(_))));
    }

    #[test]
    fn many_wrong_codes_are_told_once_in_a_window() {
        let day = |day: i64| Timestamp::from_seconds(day * 86_400);
        let count = |window: FailureWindow, day| window.counted(day);
        let mut window = FailureWindow::default();
        let told = (0..40).filter(|hour| {
            window = window.counted(Timestamp::from_seconds(hour * 3_600));
            window.became_many()
        });
        assert_eq!(told.collect::<Vec<_>>(), [29]);
        assert_eq!((window.since, window.failures), (Some(day(0)), 40));
        assert_eq!(count(window, Timestamp::from_micros(day(30).as_micros() - 1)).failures, 41);
        let next = FailureWindow { since: Some(day(30)), failures: 1 };
        assert_eq!(count(window, day(30)), next);
    }

    proptest! {
        #[test]
        fn no_schedule_evaluates_more_than_the_hard_limit(gaps in prop::collection::vec(0_i64..10_000_000_000, 0..300)) {
            let (mut counter, mut now, mut evaluated) = (AttemptCounter::default(), 0_i64, 0_u32);
            for gap in gaps {
                now += gap;
                if let Ok(charged) = counter.charge(LockoutPolicy::TOTP, Timestamp::from_micros(now)) {
                    counter = charged;
                    evaluated += 1;
                }
            }
            prop_assert!(evaluated <= LockoutPolicy::TOTP.hard_limit);
        }
    }
}
