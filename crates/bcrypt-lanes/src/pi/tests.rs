//! Pi by Machin's formula, `pi = 16 arctan(1/5) - 4 arctan(1/239)`, in fixed-point arithmetic.

use super::{FRACTION_OF_PI, STATE_WORDS};

/// Words beyond the digits wanted. Each of the some 10 000 divisions rounds down by less than one unit of the
/// last.
const GUARD_WORDS: usize = 2;

/// A non-negative number: the integer part, then words of 32 bits of the fraction, most significant first.
#[derive(Clone)]
struct Fixed(Vec<u32>);

impl Fixed {
    fn integer(value: u32) -> Self {
        let mut words = vec![0; 1 + STATE_WORDS + GUARD_WORDS];
        words[0] = value;
        Self(words)
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    fn divided_by(&self, divisor: u32) -> Self {
        let mut remainder = 0_u64;
        let divide = |&word: &u32| {
            let dividend = (remainder << 32) | u64::from(word);
            remainder = dividend % u64::from(divisor);
            u32::try_from(dividend / u64::from(divisor)).unwrap()
        };
        Self(self.0.iter().map(divide).collect())
    }

    fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (word, &more) in self.0.iter_mut().zip(&other.0).rev() {
            (*word, carry) = word.carrying_add(more, carry);
        }
        assert!(!carry, "the sum is too large");
    }

    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (word, &less) in self.0.iter_mut().zip(&other.0).rev() {
            (*word, borrow) = word.borrowing_sub(less, borrow);
        }
        assert!(!borrow, "the difference is negative");
    }
}

/// `scale * arctan(1 / x)` as the sum of `(-1)^k * scale / ((2k + 1) * x^(2k + 1))`.
fn scaled_arctan_of_inverse(scale: u32, x: u32) -> Fixed {
    let mut power = Fixed::integer(scale).divided_by(x);
    let mut sum = power.clone();
    let mut denominator = 1;
    let mut negative = false;
    while !power.is_zero() {
        power = power.divided_by(x * x);
        denominator += 2;
        negative = !negative;
        let term = power.divided_by(denominator);
        if negative { sum.subtract(&term) } else { sum.add(&term) }
    }
    sum
}

#[test]
fn the_initial_state_is_the_fraction_of_pi() {
    let mut pi = scaled_arctan_of_inverse(16, 5);
    pi.subtract(&scaled_arctan_of_inverse(4, 239));
    let [integer, fraction @ ..] = pi.0.as_slice() else { panic!("no words") };
    assert_eq!(*integer, 3);
    assert_eq!(fraction[..STATE_WORDS], FRACTION_OF_PI);
    // Guard digits at either end of their range would make the last wanted digit doubtful.
    assert!((1..u32::MAX).contains(&fraction[STATE_WORDS]));
}
