//! Secrets as other systems write them down.

use zeroize::Zeroizing;

use super::secret::TotpSecret;

/// The text is no secret that can be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAForeignSecret {
    /// It has other characters.
    #[error("a secret is written in base 32 (A to Z and 2 to 7); convert one that is kept in another form")]
    NotBase32,
    /// RFC 4226, section 4, R6.
    #[error("the secret has {bytes} bytes, at least 16 (128 bits) are needed; this user has to set up anew")]
    TooShort {
        /// Its length.
        bytes: usize,
    },
    /// It is longer than [`TotpSecret::LONGEST_FOREIGN`].
    #[error("the secret has {bytes} bytes, at most 64 are taken over; this user has to set up anew")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl TotpSecret {
    /// The longest secret of another system, in bytes: what RFC 6238 recommends for SHA-512.
    pub const LONGEST_FOREIGN: usize = 64;

    /// Reads base 32 as authenticators do: case, spaces and padding do not matter, and bits that do not fill a byte are
    /// dropped.
    pub fn from_base32(text: &str) -> Result<Self, NotAForeignSecret> {
        // Room for all of it at once, so that no copy stays behind when it grows.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        let (mut held, mut bits) = (0_u16, 0_u32);
        for symbol in text.trim_end_matches([' ', '=']).bytes().filter(|byte| *byte != b' ') {
            held = (held << 5) | value(symbol).ok_or(NotAForeignSecret::NotBase32)?;
            bits = bits.wrapping_add(5);
            if bits >= 8 {
                bits = bits.wrapping_sub(8);
                let [_, byte] = held.wrapping_shr(bits).to_be_bytes();
                bytes.push(byte);
            }
        }
        match bytes.len() {
            length if length > Self::LONGEST_FOREIGN => Err(NotAForeignSecret::TooLong { bytes: length }),
            length => Self::from_bytes(bytes).map_err(|_| NotAForeignSecret::TooShort { bytes: length }),
        }
    }
}

fn value(symbol: u8) -> Option<u16> {
    let value = match symbol.to_ascii_uppercase() {
        letter @ b'A'..=b'Z' => letter.wrapping_sub(b'A'),
        digit @ b'2'..=b'7' => digit.wrapping_sub(b'2').wrapping_add(26),
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE32;
    use proptest::prelude::*;

    use super::*;

    const WRITTEN: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn read(text: &str) -> Result<Vec<u8>, NotAForeignSecret> {
        TotpSecret::from_base32(text).map(|secret| secret.expose().to_vec())
    }

    #[test]
    fn case_spaces_and_padding_do_not_matter() {
        let grouped = " gezd gnbv gy3t qojq gezd gnbv gy3t qojq ";
        for text in
            [WRITTEN, &WRITTEN.to_lowercase(), grouped, &format!("{WRITTEN}=="), &format!("{WRITTEN} = =")]
        {
            assert_eq!(read(text).as_deref(), Ok(&b"12345678901234567890"[..]), "{text}");
        }
    }

    #[test]
    fn other_characters_are_refused() {
        for text in
            ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1", "GEZD=NBVGY3TQOJQGEZDGNBVGY3TQOJQ", "GEZD\tNBV", "ä", "0x31"]
        {
            assert_eq!(read(text), Err(NotAForeignSecret::NotBase32), "{text}");
        }
    }

    #[test]
    fn the_limit_that_is_passed_is_told() {
        assert_eq!(read(""), Err(NotAForeignSecret::TooShort { bytes: 0 }));
        assert_eq!(read("GEZDGNBVGY3TQOJQ"), Err(NotAForeignSecret::TooShort { bytes: 10 }));
        assert_eq!(read(&"A".repeat(25)), Err(NotAForeignSecret::TooShort { bytes: 15 }));
        assert_eq!(read(&"A".repeat(26)), Ok(vec![0; 16]));
        assert_eq!(read(&"A".repeat(103)), Ok(vec![0; 64]));
        assert_eq!(read(&"A".repeat(104)), Err(NotAForeignSecret::TooLong { bytes: 65 }));
        assert_eq!(read(&"A".repeat(60_000)), Err(NotAForeignSecret::TooLong { bytes: 37_500 }));
    }

    #[test]
    fn bits_that_do_not_fill_a_byte_are_dropped() {
        // 27 random symbols, as some systems make them: authenticators take the first 128 of the 135 bits.
        assert_eq!(read("AAAAAAAAAAAAAAAAAAAAAAAAAB7"), Ok(vec![0; 16]));
    }

    proptest! {
        #[test]
        fn whatever_is_written_in_base_32_is_read_back(bytes in prop::collection::vec(any::<u8>(), 16..=64)) {
            prop_assert_eq!(read(&BASE32.encode(&bytes)), Ok(bytes));
        }
    }
}
