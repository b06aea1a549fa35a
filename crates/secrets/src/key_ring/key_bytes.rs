//! Key material in memory.

use std::fmt;

use countersign_domain::entropy::{Entropy, EntropyUnavailable};
use data_encoding::BASE64;
use zeroize::Zeroizing;

/// A key of `N` bytes on the heap, so that moving it leaves no copy behind; wiped when dropped.
pub(crate) struct KeyBytes<const N: usize>(Box<Zeroizing<[u8; N]>>);

/// The text is not the strict base64 of a key of the right length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotKeyBytes;

impl<const N: usize> KeyBytes<N> {
    fn zeroed() -> Self {
        Self(Box::new(Zeroizing::new([0; N])))
    }

    /// A new key.
    pub(super) fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut key = Self::zeroed();
        entropy.fill(&mut key.0[..])?;
        Ok(key)
    }

    /// From base64 with padding (RFC 4648, section 4), which is read strictly: no other alphabet, no white
    /// space, no stray bits.
    pub(super) fn decode(text: &str) -> Result<Self, NotKeyBytes> {
        let most = BASE64.decode_len(text.len()).map_err(|_| NotKeyBytes)?;
        let mut decoded = Zeroizing::new(vec![0; most]);
        let length = BASE64.decode_mut(text.as_bytes(), &mut decoded).map_err(|_| NotKeyBytes)?;
        decoded.truncate(length);
        Self::from_slice(&decoded).ok_or(NotKeyBytes)
    }

    /// The key as base64.
    pub(super) fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(self.expose()))
    }

    /// A copy of `bytes`, if they have the right length.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Self::zeroed();
        (bytes.len() == N).then(|| {
            key.0.copy_from_slice(bytes);
            key
        })
    }

    /// The bytes, for the computation that the key is made for.
    pub(crate) fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for KeyBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
