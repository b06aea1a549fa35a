//! How much work one bcrypt computation is.

use thiserror::Error;

/// The cost factor of bcrypt: the base-2 logarithm of the number of rounds, from 4 to 31.
///
/// Each step doubles the time. One round expands the key schedule twice, which is 2 × 521 Blowfish
/// encryptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(u8);

/// The number is not a cost factor that bcrypt defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("bcrypt's cost is from 4 to 31, not {0}")]
pub struct CostOutOfRange(pub u32);

impl Cost {
    /// 16 rounds: the least that bcrypt defines, for tests only.
    pub const MIN: Self = Self(4);
    /// 2 147 483 648 rounds: the most that bcrypt defines, days of work.
    pub const MAX: Self = Self(31);

    /// Takes a cost factor from 4 to 31.
    pub fn new(factor: u32) -> Result<Self, CostOutOfRange> {
        let cost = u8::try_from(factor).map(Self).map_err(|_| CostOutOfRange(factor))?;
        if (Self::MIN..=Self::MAX).contains(&cost) { Ok(cost) } else { Err(CostOutOfRange(factor)) }
    }

    /// The cost factor, from 4 to 31.
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }

    /// The number of rounds, `2^cost`.
    pub(crate) fn rounds(self) -> u32 {
        1 << self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, CostOutOfRange};

    #[test]
    fn a_cost_is_from_4_to_31() {
        for factor in 0..600 {
            let expected = if (4..=31).contains(&factor) { Ok(factor) } else { Err(CostOutOfRange(factor)) };
            assert_eq!(Cost::new(factor).map(Cost::get), expected);
        }
    }

    #[test]
    fn the_rounds_double_with_each_step() {
        assert_eq!(Cost::MIN.rounds(), 16);
        assert_eq!(Cost::new(10).unwrap().rounds(), 1024);
        assert_eq!(Cost::MAX.rounds(), 1 << 31);
    }
}
