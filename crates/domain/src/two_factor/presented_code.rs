//! What a user presents as proof: a TOTP code or a backup code, told apart by shape alone.

use super::backup_code::BackupCode;
use super::code::TotpCode;

/// A well-formed code. A miss of one kind never leads to a try of the other.
#[derive(Debug)]
pub enum PresentedCode {
    /// Six to eight digits.
    Totp(TotpCode),
    /// A backup code.
    Backup(BackupCode),
}

/// The text has the shape of no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a code is 6 to 8 digits from 0 to 9, or a backup code such as 7-K4QF-9XMA-2HTC-V6PD-R; check it for typing errors"
)]
pub struct NotAPresentedCode;

impl PresentedCode {
    /// Takes six to eight ASCII digits as a TOTP code (the factor says how many it wants), anything else as a backup
    /// code.
    pub fn parse(text: &str) -> Result<Self, NotAPresentedCode> {
        match TotpCode::of_any_length(text) {
            Ok(code) => Ok(Self::Totp(code)),
            Err(_) => BackupCode::parse(text).map(Self::Backup).map_err(|_| NotAPresentedCode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_a_totp_code_and_nothing_else() {
        for text in ["123456", "1234567", "12345678"] {
            assert!(matches!(PresentedCode::parse(text), Ok(PresentedCode::Totp(_))), "{text}");
        }
        for text in ["", "12345", "123456789", "12 345", "abcdef", "7-K4QF-9XMA-2HTC-V6PD"] {
            assert!(PresentedCode::parse(text).is_err(), "{text}");
        }
    }
}
