//! How expensive one hash is.

/// The cost of a bcrypt hash: it takes 2^cost rounds of the key schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BcryptCost(u32);

/// The cost is not one that we hash with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cost of bcrypt is a number from 4 to 14")]
pub struct BcryptCostOutOfRange;

impl BcryptCost {
    /// The smallest cost that bcrypt knows. For tests, which are about anything else than the cost.
    pub const LOWEST: Self = Self(4);

    /// A cost from 4 to 14.
    pub const fn new(cost: u32) -> Result<Self, BcryptCostOutOfRange> {
        if 4 <= cost && cost <= 14 { Ok(Self(cost)) } else { Err(BcryptCostOutOfRange) }
    }

    /// Whether real codes may be hashed with it: at least 10 (OWASP Password Storage Cheat Sheet).
    pub const fn is_fit_for_production(self) -> bool {
        self.0 >= 10
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl Default for BcryptCost {
    /// 10. A code carries 80 random bits, so a higher cost would only slow us down.
    fn default() -> Self {
        Self(10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_from_10_to_14_are_for_production_and_lower_ones_for_tests() {
        for cost in [10, 14] {
            assert!(BcryptCost::new(cost).unwrap().is_fit_for_production());
        }
        for cost in [4, 9] {
            assert!(!BcryptCost::new(cost).unwrap().is_fit_for_production());
        }
        for cost in [0, 3, 15, 31] {
            assert_eq!(BcryptCost::new(cost), Err(BcryptCostOutOfRange));
        }
        assert!(BcryptCost::default().is_fit_for_production());
    }
}
