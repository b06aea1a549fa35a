//! What is hashed.

use std::fmt;

use thiserror::Error;

use crate::blowfish::KeyWords;

/// The bytes that are hashed: 0 to 72 of them, borrowed.
///
/// bcrypt's key is at most 72 bytes. Other implementations cut a longer password without a word; here it is
/// an error, and the caller decides. A caller who wants more should hash first and encode the result (base64,
/// say), which settles the question of zero bytes as well.
///
/// # Zero bytes
///
/// bcrypt was made for C strings: the key is the password with a terminating zero, repeated until it fills 72
/// bytes. Here a zero byte is a byte like any other. Two consequences:
///
/// - An implementation in C stops at the first zero byte, so it finds another digest for such a password.
/// - Passwords can collide: `"a"` and `"a\0a"` repeat to the same key, and so do `""` and `"\0"`.
///
/// Do not hash bytes that somebody else chose and that may be zero: encode them first. (Text without U+0000
/// is safe.)
#[derive(Clone, Copy)]
pub struct Password<'a>(&'a [u8]);

/// The password is longer than 72 bytes, so bcrypt would ignore its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("bcrypt takes at most 72 bytes, not {length}")]
pub struct PasswordTooLong {
    /// The length of the password in bytes.
    pub length: usize,
}

impl<'a> Password<'a> {
    /// The most bytes that bcrypt takes.
    pub const MAX_BYTES: usize = 72;

    /// Takes a password of 0 to 72 bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, PasswordTooLong> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(PasswordTooLong { length: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// Writes the key: the password and a zero byte, repeated to 72 bytes, as big-endian words. After a
    /// password of 72 bytes there is no room for the zero byte, and it has no part in the key.
    pub(crate) fn write_key(self, key: &mut KeyWords) {
        let mut bytes = self.0.iter().copied().chain([0]).cycle();
        for word in key {
            *word = bytes.by_ref().take(4).fold(0, |word, byte| (word << 8) | u32::from(byte));
        }
    }
}

/// Says nothing of the password, not even its length.
impl fmt::Debug for Password<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Password, PasswordTooLong};

    fn key(password: &[u8]) -> [u32; 18] {
        let mut key = [0; 18];
        Password::new(password).unwrap().write_key(&mut key);
        key
    }

    #[test]
    fn the_73rd_byte_is_refused_and_not_cut() {
        assert!(Password::new(&[b'x'; 72]).is_ok());
        assert_eq!(Password::new(&[b'x'; 73]).unwrap_err(), PasswordTooLong { length: 73 });
    }

    #[test]
    fn the_key_repeats_the_password_and_its_zero_byte() {
        assert_eq!(key(b""), [0; 18]);
        assert_eq!(key(b"abc")[..2], [0x6162_6300, 0x6162_6300]);
        assert_eq!(key(b"abcd")[..3], [0x6162_6364, 0x0061_6263, 0x6400_6162]);
    }

    #[test]
    fn a_full_key_has_no_zero_byte() {
        assert_eq!(key(&[0x11; 72]), [0x1111_1111; 18]);
        assert_eq!(key(&[0x11; 71])[17], 0x1111_1100);
    }

    #[test]
    fn a_debug_print_does_not_show_the_password() {
        assert_eq!(format!("{:?}", Password::new(b"secret").unwrap()), "Password(..)");
    }
}
