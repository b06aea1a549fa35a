//! What a user presents as proof: a TOTP code or a backup code, told apart by shape and by what the factor has.

use std::fmt;

use zeroize::Zeroizing;

use super::backup_code::BackupCode;
use super::code::TotpCode;

/// A text that may be a code. A miss of one kind never leads to a try of the other.
#[derive(Debug)]
pub enum PresentedCode {
    /// Six to eight digits.
    Totp(TotpCode),
    /// Anything else that may be a backup code.
    Backup(TypedBackupCode),
}

/// The text is no code of the factor, by its shape.
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
            Err(_) => TypedBackupCode::parse(text).map(Self::Backup),
        }
    }
}

/// A backup code as it was typed, wiped when dropped, never shown by `Debug` and never compared with `==`: 4 to 64
/// printable ASCII characters, without spaces around them.
///
/// Whether that is a code of ours, which has a shape and a check symbol, or one that another system issued, which may
/// look like anything, depends on which of the two the factor has.
pub struct TypedBackupCode(Zeroizing<String>);

impl TypedBackupCode {
    /// The shortest text, in bytes.
    pub const MIN_LENGTH: usize = 4;
    /// The longest text, in bytes. bcrypt reads 72, and stops at NUL.
    pub const MAX_LENGTH: usize = 64;

    /// Takes what may be a backup code of any kind.
    pub fn parse(text: &str) -> Result<Self, NotAPresentedCode> {
        let text = text.trim_matches(' ');
        let has_length = (Self::MIN_LENGTH..=Self::MAX_LENGTH).contains(&text.len());
        if has_length && text.bytes().all(|byte| matches!(byte, 0x20..=0x7E)) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(NotAPresentedCode)
        }
    }

    /// The code of ours that it is, if it has the shape of one.
    pub fn own(&self) -> Option<BackupCode> {
        BackupCode::parse(&self.0).ok()
    }

    /// The text, for bcrypt.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Digits are printable, and six are enough.
impl From<&TotpCode> for TypedBackupCode {
    fn from(code: &TotpCode) -> Self {
        Self(Zeroizing::new(code.expose().to_owned()))
    }
}

impl fmt::Debug for TypedBackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedBackupCode([redacted])")
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
        for text in ["12345", "123456789", "12 345", "abcdef", "7-K4QF-9XMA-2HTC-V6PD", " 123456"] {
            assert!(matches!(PresentedCode::parse(text), Ok(PresentedCode::Backup(_))), "{text}");
        }
    }

    #[test]
    fn what_no_system_gives_out_is_no_code() {
        let long = "x".repeat(65);
        for text in [
            "",
            "abc",
            "   abc   ",
            &long,
            "abc\n def",
            "abcd\0",
            "\u{661}\u{662}\u{663}\u{664}",
            "p\u{e4}ss",
        ] {
            assert!(PresentedCode::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_our_own_shape_is_a_code_of_ours() {
        let typed = |text| TypedBackupCode::parse(text).unwrap();
        assert!(typed(" 7-1234-5678-9abc-defg-z ").own().is_some());
        for text in ["7-1234-5678-9abc-defg-0", "7-1234-5678-9abc-defg", "abcd-efgh", "1234 5678"] {
            assert!(typed(text).own().is_none(), "{text}");
        }
    }

    #[test]
    fn spaces_around_a_code_do_not_matter_and_those_within_do() {
        assert_eq!(TypedBackupCode::parse("  ab cd ").unwrap().expose(), "ab cd");
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let typed = PresentedCode::parse("abcd-efgh").unwrap();
        assert_eq!(format!("{typed:?}"), "Backup(TypedBackupCode([redacted]))");
    }
}
