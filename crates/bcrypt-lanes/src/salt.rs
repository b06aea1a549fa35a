//! What makes equal passwords differ.

use crate::blowfish::KeyWords;

/// The salt of one digest: 16 bytes. Take them from a cryptographic random generator, anew for each digest.
///
/// A salt is not secret; it is a part of the digest's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Salt(pub [u8; 16]);

impl Salt {
    /// The salt as four big-endian words.
    pub(crate) fn words(self) -> [u32; 4] {
        let mut bytes = self.0.into_iter();
        [(); 4].map(|()| bytes.by_ref().take(4).fold(0, |word, byte| (word << 8) | u32::from(byte)))
    }

    /// Writes the salt, repeated to 72 bytes, in the place of a key.
    pub(crate) fn write_key(self, key: &mut KeyWords) {
        for (word, salt) in key.iter_mut().zip(self.words().into_iter().cycle()) {
            *word = salt;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Salt;

    #[test]
    fn the_salt_repeats_in_the_place_of_a_key() {
        let mut key = [0; 18];
        Salt(std::array::from_fn(|index| u8::try_from(index).unwrap())).write_key(&mut key);
        assert_eq!(key[..5], [0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f, 0x0001_0203]);
        assert_eq!(key[16..], [0x0001_0203, 0x0405_0607]);
    }
}
