//! The token bucket, as arithmetic on integers.
//!
//! The state is the *debt*: what is missing to a full bucket, in millionths of a token. A bucket that refills `r`
//! tokens in a second pays back exactly `r` millionths in a microsecond, so nothing is ever rounded and every
//! adapter, in this process or in a shared store, decides alike.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::time::Timestamp;

/// One token in the unit of the debt.
const TOKEN: u64 = 1_000_000;

/// How fast a bucket refills and how much it holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BucketSpec {
    /// Tokens that come back in a second.
    pub per_second: NonZeroU32,
    /// Tokens in a full bucket.
    pub burst: NonZeroU32,
}

impl BucketSpec {
    /// What a full bucket holds, in millionths of a token.
    pub fn capacity(self) -> u64 {
        u64::from(self.burst.get()).saturating_mul(TOKEN)
    }

    /// How long an empty bucket takes to be full, rounded up to a microsecond.
    pub fn time_to_fill(self) -> Duration {
        self.time_to_repay(self.capacity())
    }

    fn time_to_repay(self, debt: u64) -> Duration {
        Duration::from_micros(debt.div_ceil(u64::from(self.per_second.get())))
    }
}

/// What a bucket remembers. A bucket that nobody knows is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BucketState {
    /// Missing to a full bucket at `updated_at`, in millionths of a token.
    pub debt: u64,
    /// When the debt was computed.
    pub updated_at: Timestamp,
}

/// What a caller is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct BucketDecision {
    /// Whether the token was given.
    pub allowed: bool,
    /// How fast the bucket refills and how much it holds.
    pub spec: BucketSpec,
    /// Whole tokens that are left.
    pub remaining: u32,
    /// When the bucket is full again.
    pub full_at: Timestamp,
    /// When there will be a token; the present instant when there is one.
    pub retry_at: Timestamp,
}

impl BucketState {
    /// A full bucket.
    pub const fn full(now: Timestamp) -> Self {
        Self { debt: 0, updated_at: now }
    }

    /// Takes one token if there is one. A clock that went back changes nothing: no time has passed.
    pub fn take(self, spec: BucketSpec, now: Timestamp) -> (Self, BucketDecision) {
        let now = now.max(self.updated_at);
        let paid = now
            .saturating_since(self.updated_at)
            .as_micros()
            .saturating_mul(u128::from(spec.per_second.get()))
            .try_into()
            .unwrap_or(u64::MAX);
        // A bucket that shrank owes no more than it holds.
        let debt = self.debt.saturating_sub(paid).min(spec.capacity());
        let with_one = debt.saturating_add(TOKEN);
        let allowed = with_one <= spec.capacity();
        let state = Self { debt: if allowed { with_one } else { debt }, updated_at: now };
        (state, state.decision(spec, allowed))
    }

    /// What a caller is told when the bucket was left like this.
    pub fn decision(self, spec: BucketSpec, allowed: bool) -> BucketDecision {
        let left = spec.capacity().saturating_sub(self.debt);
        let missing = TOKEN.saturating_sub(left);
        BucketDecision {
            allowed,
            spec,
            remaining: u32::try_from(left / TOKEN).unwrap_or(u32::MAX),
            full_at: self.updated_at.saturating_add(spec.time_to_repay(self.debt)),
            retry_at: self.updated_at.saturating_add(spec.time_to_repay(missing)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec(per_second: u32, burst: u32) -> BucketSpec {
        BucketSpec { per_second: per_second.try_into().unwrap(), burst: burst.try_into().unwrap() }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_one_token_per_interval() {
        let (spec, mut state) = (spec(10, 3), BucketState::full(at(0)));
        let mut take = |micros| {
            let (next, decision) = state.take(spec, at(micros));
            state = next;
            decision
        };
        assert_eq!(
            [take(0), take(0), take(0)].map(|d| (d.allowed, d.remaining)),
            [(true, 2), (true, 1), (true, 0)]
        );
        let refused = take(0);
        assert!(!refused.allowed);
        assert_eq!((refused.retry_at, refused.full_at), (at(100_000), at(300_000)));
        assert!(!take(99_999).allowed);
        assert!(take(100_000).allowed);
        assert!(!take(100_000).allowed);
    }

    #[test]
    fn a_rate_that_divides_nothing_is_exact() {
        let (state, decision) = BucketState::full(at(0)).take(spec(3, 1), at(0));
        assert_eq!(decision.full_at, at(333_334));
        assert!(!state.take(spec(3, 1), at(333_333)).1.allowed);
        assert!(state.take(spec(3, 1), at(333_334)).1.allowed);
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_token() {
        let spec = spec(10, 1);
        let (state, _) = BucketState::full(at(1_000_000)).take(spec, at(1_000_000));
        let (state, decision) = state.take(spec, at(0));
        assert!(!decision.allowed);
        assert_eq!(state.updated_at, at(1_000_000));
    }

    #[test]
    fn a_smaller_plan_is_in_force_at_once() {
        let (state, _) = BucketState { debt: 400 * TOKEN, updated_at: at(0) }.take(spec(10, 20), at(0));
        assert_eq!(state.debt, 20 * TOKEN);
    }

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate_times_time(
            rate in 1_u32..2_000, burst in 1_u32..2_000, gaps in prop::collection::vec(0_i64..50_000, 1..400),
        ) {
            let (spec, mut state) = (spec(rate, burst), BucketState::full(at(0)));
            let (mut now, mut given) = (0_i64, 0_u128);
            for gap in gaps {
                now += gap;
                let (next, decision) = state.take(spec, at(now));
                state = next;
                given += u128::from(decision.allowed);
                let most = u128::from(burst) * 1_000_000 + u128::from(rate) * u128::try_from(now).unwrap();
                prop_assert!(given * 1_000_000 <= most);
                prop_assert!(decision.remaining <= burst);
                prop_assert!(decision.allowed || decision.retry_at > at(now));
            }
        }

        #[test]
        fn at_the_promised_instant_there_is_a_token_and_not_before(rate in 1_u32..5_000, burst in 1_u32..50) {
            let (spec, mut state) = (spec(rate, burst), BucketState::full(at(7)));
            let refused = loop {
                let (next, decision) = state.take(spec, at(7));
                state = next;
                if !decision.allowed { break decision; }
            };
            prop_assert!(state.take(spec, refused.retry_at).1.allowed);
            let before = at(refused.retry_at.as_micros() - 1);
            prop_assert!(!state.take(spec, before).1.allowed);
        }

        #[test]
        fn no_state_makes_it_panic(debt: u64, updated: i64, now: i64, rate in 1_u32.., burst in 1_u32..) {
            let _ = BucketState { debt, updated_at: at(updated) }.take(spec(rate, burst), at(now));
        }
    }
}
