//! The parameters of TOTP, kept with each factor so that a changed default never breaks an old one.

use std::time::Duration;

/// The hash of the HMAC (RFC 6238, section 1.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Algorithm {
    /// HMAC-SHA-1, which every authenticator understands.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// As an `otpauth` URI writes it: `SHA1`, `SHA256`, `SHA512`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Reads what [`Algorithm::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512].into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

/// How many decimal digits a code has (RFC 4226, section 5.3: at least 6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Digits {
    /// Six, which every authenticator understands.
    Six,
    /// Seven.
    Seven,
    /// Eight.
    Eight,
}

impl Digits {
    /// The number.
    pub const fn count(self) -> u8 {
        match self {
            Self::Six => 6,
            Self::Seven => 7,
            Self::Eight => 8,
        }
    }

    /// From the number; `None` unless it is 6, 7 or 8.
    pub const fn from_count(count: u8) -> Option<Self> {
        match count {
            6 => Some(Self::Six),
            7 => Some(Self::Seven),
            8 => Some(Self::Eight),
            _ => None,
        }
    }
}

/// The length of a time step: 15 to 60 whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Period(u8);

impl Period {
    /// 30 seconds (RFC 6238, section 5.2).
    pub const RECOMMENDED: Self = Self(30);

    /// From seconds; `None` unless 15 to 60.
    pub const fn from_seconds(seconds: u8) -> Option<Self> {
        if seconds >= 15 && seconds <= 60 { Some(Self(seconds)) } else { None }
    }

    /// In seconds.
    pub const fn as_seconds(self) -> u8 {
        self.0
    }

    /// As a duration.
    pub const fn as_duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}

/// All parameters of one factor. The default, SHA-1 with six digits every 30 seconds, is what every
/// authenticator app supports; several ignore the parameters of the URI and use just these.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Parameters {
    /// The hash of the HMAC.
    pub algorithm: Algorithm,
    /// The length of a code.
    pub digits: Digits,
    /// The length of a time step.
    pub period: Period,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { algorithm: Algorithm::Sha1, digits: Digits::Six, period: Period::RECOMMENDED }
    }
}
