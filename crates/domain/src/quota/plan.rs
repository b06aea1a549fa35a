//! Plans: how fast an organization may call, and how much it may use in a billing period.

use std::fmt;
use std::num::NonZeroU32;

use crate::admission::bucket::BucketSpec;

/// The name of a plan: 1 to 64 of `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PlanId(String);

/// The text is not acceptable as the name of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plan's name is 1 to 64 characters out of a-z, 0-9, `-` and `_`")]
pub struct NotAPlanId;

impl PlanId {
    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAPlanId> {
        let text = text.into();
        let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        if plain && (1..=64).contains(&text.len()) { Ok(Self(text)) } else { Err(NotAPlanId) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much may be used in a billing period.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ceiling {
    /// No more than this.
    Limited(u64),
    /// As much as one likes.
    Unlimited,
}

impl Ceiling {
    /// The number, if there is one.
    pub const fn limit(self) -> Option<u64> {
        match self {
            Self::Limited(limit) => Some(limit),
            Self::Unlimited => None,
        }
    }

    /// Whether `used` leaves no room for one more.
    pub const fn is_reached(self, used: u64) -> bool {
        match self {
            Self::Limited(limit) => used >= limit,
            Self::Unlimited => false,
        }
    }

    /// The highest use that leaves room for `more`; `None` when `more` alone is too much. Whoever counts compares with
    /// it in the statement that counts: there is room if and only if the use until then is not above it.
    pub const fn highest_use_before(self, more: u64) -> Option<u64> {
        match self {
            Self::Limited(limit) => limit.checked_sub(more),
            Self::Unlimited => u64::MAX.checked_sub(more),
        }
    }
}

/// A plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Its name.
    pub id: PlanId,
    /// The token bucket of an organization on this plan.
    pub rate: BucketSpec,
    /// Turns in a billing period.
    pub turns: Ceiling,
    /// Distinct relationships that are active in a billing period.
    pub relationships: Ceiling,
    /// Whether an exhausted quota leaves set-ups possible.
    pub security_calls_exempt: bool,
}

impl Plan {
    /// The plans that exist from the start: `free`, `pro`, `scale`, `enterprise`.
    pub fn built_in() -> [Self; 4] {
        let limited = |id, per_second, burst, turns, relationships| {
            built_in(id, per_second, burst, Ceiling::Limited(turns), Ceiling::Limited(relationships))
        };
        [
            limited("free", 10, 20, 1_000, 100),
            limited("pro", 50, 100, 50_000, 5_000),
            limited("scale", 200, 400, 1_000_000, 100_000),
            built_in("enterprise", 1_000, 2_000, Ceiling::Unlimited, Ceiling::Unlimited),
        ]
    }
}

fn built_in(id: &str, per_second: u32, burst: u32, turns: Ceiling, relationships: Ceiling) -> Plan {
    let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Plan {
        id: PlanId(id.to_owned()),
        rate: BucketSpec { per_second: positive(per_second), burst: positive(burst) },
        turns,
        relationships,
        security_calls_exempt: false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn built_in_plans_have_the_published_numbers() {
        let rows: Vec<_> = Plan::built_in()
            .iter()
            .map(|plan| {
                let rate = (plan.rate.per_second.get(), plan.rate.burst.get());
                (plan.id.to_string(), rate, plan.turns.limit(), plan.relationships.limit())
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("free".to_owned(), (10, 20), Some(1_000), Some(100)),
                ("pro".to_owned(), (50, 100), Some(50_000), Some(5_000)),
                ("scale".to_owned(), (200, 400), Some(1_000_000), Some(100_000)),
                ("enterprise".to_owned(), (1_000, 2_000), None, None),
            ]
        );
    }

    #[test]
    fn a_ceiling_is_reached_when_nothing_more_fits() {
        assert!(Ceiling::Limited(0).is_reached(0));
        assert!(!Ceiling::Limited(2).is_reached(1));
        assert!(Ceiling::Limited(2).is_reached(2));
        assert!(!Ceiling::Unlimited.is_reached(u64::MAX));
    }

    proptest! {
        #[test]
        fn there_is_room_exactly_up_to_the_limit(limit: u64, used: u64, more: u64) {
            for (limit, used, more) in [(limit, used, more), (limit % 8, used % 8, more % 8)] {
                let fits = u128::from(used) + u128::from(more) <= u128::from(limit);
                let highest = Ceiling::Limited(limit).highest_use_before(more);
                prop_assert_eq!(highest.is_some_and(|highest| used <= highest), fits);
            }
        }
    }

    #[test]
    fn a_plan_id_is_plain() {
        assert!(PlanId::new("team-2026_a").is_ok());
        for bad in ["", "Pro", "a b", &"x".repeat(65)] {
            assert_eq!(PlanId::new(bad), Err(NotAPlanId), "{bad:?}");
        }
    }
}
