//! The result of a computation and its text.

use std::fmt;
use std::ops::RangeInclusive;

use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::{Cost, Job, Password, Salt, base64, hash_lanes};

/// bcrypt drops the last of the 24 bytes that it computes.
pub(crate) const CHECKSUM_BYTES: usize = 23;

/// A bcrypt digest with what is needed to compute it again: cost, salt and 23 bytes of checksum.
///
/// Two digests are compared in constant time as far as their checksums go; costs and salts are no secrets. So
/// a verifier that has several passwords to check may compute them together, by
/// [`hash_all`](crate::hash_all), and compare.
#[derive(Clone)]
pub struct Digest {
    cost: Cost,
    salt: Salt,
    checksum: [u8; CHECKSUM_BYTES],
}

/// Why a text is not a bcrypt digest that the caller wants evaluated. It repeats nothing of the text but the
/// cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// The text is not 60 bytes long, or the dollar signs are in other places.
    #[error("the text has not the form of a bcrypt digest")]
    Form,
    /// The version is not `2a`, `2b` or `2y`. (`2x` marks digests of an implementation with a fault.)
    #[error("the version of the bcrypt digest is not 2a, 2b or 2y")]
    Version,
    /// The cost is not two decimal digits from `04` to `31`.
    #[error("the cost of the bcrypt digest is not from 04 to 31")]
    Cost,
    /// The cost is one of bcrypt, but outside the caller's bounds.
    #[error("the cost of the bcrypt digest, {0}, is outside the accepted bounds")]
    CostOutOfBounds(u32),
    /// The salt is not 22 symbols of bcrypt's base 64 whose four last bits are zero.
    #[error("the salt of the bcrypt digest is not canonical base 64")]
    Salt,
    /// The checksum is not 31 symbols of bcrypt's base 64 whose two last bits are zero.
    #[error("the checksum of the bcrypt digest is not canonical base 64")]
    Checksum,
}

impl Digest {
    pub(crate) fn new(cost: Cost, salt: Salt, checksum: [u8; CHECKSUM_BYTES]) -> Self {
        Self { cost, salt, checksum }
    }

    /// Parses a text of 60 ASCII bytes, `$2b$10$` and 53 symbols. `$2a$` and `$2y$` are taken as `$2b$`.
    ///
    /// `costs` are the costs that the caller is ready to pay for: one more doubles the time of
    /// [`Digest::verify`], and a stored text with cost 31 would keep a processor busy for days.
    ///
    /// There is exactly one text for each digest and version; one with stray bits at the end of the salt or
    /// of the checksum is refused.
    pub fn parse(text: &str, costs: RangeInclusive<Cost>) -> Result<Self, ParseError> {
        let text: &[u8; 60] = text.as_bytes().try_into().map_err(|_| ParseError::Form)?;
        let [b'$', major, minor, b'$', tens, units, b'$', encoded @ ..] = text else {
            return Err(ParseError::Form);
        };
        if !matches!([major, minor], [b'2', b'a' | b'b' | b'y']) {
            return Err(ParseError::Version);
        }
        let cost = parse_cost(*tens, *units)?;
        if !costs.contains(&cost) {
            return Err(ParseError::CostOutOfBounds(cost.get()));
        }
        let (salt, checksum) = encoded.split_at(22);
        let salt = base64::decode(salt).map(Salt).ok_or(ParseError::Salt)?;
        let checksum = base64::decode(checksum).ok_or(ParseError::Checksum)?;
        Ok(Self { cost, salt, checksum })
    }

    /// The digest's text: 60 ASCII bytes that start with `$2b$`, which every implementation of bcrypt
    /// verifies.
    pub fn to_string_2b(&self) -> String {
        let mut text = format!("$2b${:02}$", self.cost.get());
        base64::encode(&self.salt.0, &mut text);
        base64::encode(&self.checksum, &mut text);
        text
    }

    /// Whether the digest is of this password. It takes one computation of the digest's cost, on one lane,
    /// and the comparison takes the same time wherever a difference is.
    #[must_use]
    pub fn verify(&self, password: Password<'_>) -> bool {
        let [computed] = hash_lanes(self.cost, &[Job { password, salt: self.salt }]);
        *self == computed
    }

    /// The cost of the digest.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// The salt of the digest.
    pub fn salt(&self) -> Salt {
        self.salt
    }
}

fn parse_cost(tens: u8, units: u8) -> Result<Cost, ParseError> {
    let digit = |symbol: u8| char::from(symbol).to_digit(10).ok_or(ParseError::Cost);
    Cost::new(10 * digit(tens)? + digit(units)?).map_err(|_| ParseError::Cost)
}

/// Compares the checksums in constant time.
impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.cost == other.cost && self.salt == other.salt && bool::from(self.checksum.ct_eq(&other.checksum))
    }
}

impl Eq for Digest {}

/// Shows the cost only: whoever has a digest can guess passwords at leisure.
impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Digest").field("cost", &self.cost).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
