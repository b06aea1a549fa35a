//! bcrypt's own base 64: another alphabet than usual, and no padding.

const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Appends the encoded bytes to a text.
pub(crate) fn encode(bytes: &[u8], text: &mut String) {
    for group in bytes.chunks(3) {
        let [first, second, third] =
            [0, 1, 2].map(|index| u32::from(group.get(index).copied().unwrap_or_default()));
        let bits = (first << 16) | (second << 8) | third;
        text.extend([18, 12, 6, 0].into_iter().take(group.len() + 1).map(|shift| symbol(bits >> shift)));
    }
}

/// Decodes exactly `BYTES` bytes. There is none unless each symbol is one of the alphabet and the bits that
/// are left over are zero: every value has one text only.
pub(crate) fn decode<const BYTES: usize>(text: &[u8]) -> Option<[u8; BYTES]> {
    if text.len() != (BYTES * 8).div_ceil(6) {
        return None;
    }
    let mut bytes = [0; BYTES];
    let mut places = bytes.iter_mut();
    let (mut bits, mut count) = (0_u32, 0);
    for &symbol in text {
        bits = (bits << 6) | value(symbol)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            *places.next()? = u8::try_from(bits >> count).ok()?;
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

#[expect(clippy::indexing_slicing, reason = "six bits are below 64")]
fn symbol(bits: u32) -> char {
    char::from(ALPHABET[bits as usize & 0x3f])
}

fn value(symbol: u8) -> Option<u32> {
    let place = ALPHABET.iter().position(|&known| known == symbol)?;
    u32::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, encode};

    fn encoded(bytes: &[u8]) -> String {
        let mut text = String::new();
        encode(bytes, &mut text);
        text
    }

    proptest! {
        #[test]
        fn a_salt_and_a_checksum_survive(salt: [u8; 16], checksum: [u8; 23]) {
            prop_assert_eq!(decode(encoded(&salt).as_bytes()), Some(salt));
            prop_assert_eq!(decode(encoded(&checksum).as_bytes()), Some(checksum));
        }

        #[test]
        fn a_text_that_decodes_is_the_only_text_of_its_bytes(text in "[./A-Za-z0-9]{22}") {
            if let Some(salt) = decode::<16>(text.as_bytes()) {
                prop_assert_eq!(encoded(&salt), text);
            }
        }
    }

    #[test]
    fn left_over_bits_must_be_zero() {
        assert!(decode::<16>(b"CCCCCCCCCCCCCCCCCCCCC.").is_some());
        assert!(decode::<16>(b"CCCCCCCCCCCCCCCCCCCCC/").is_none());
    }

    #[test]
    fn foreign_symbols_and_lengths_are_refused() {
        for text in [
            "CCCCCCCCCCCCCCCCCCCCC",
            "CCCCCCCCCCCCCCCCCCCCC..",
            "CCCCCCCCCCCC+CCCCCCCC.",
            "CCCCCCCCCCCC=CCCCCCCC.",
        ] {
            assert!(decode::<16>(text.as_bytes()).is_none(), "{text}");
        }
    }
}
