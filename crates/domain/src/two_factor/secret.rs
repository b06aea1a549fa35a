//! The shared secret of TOTP, in the clear only in memory and only for as long as it is used.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, EntropyUnavailable};
use crate::keys::KeyId;

/// A TOTP secret: 16 to 128 bytes, wiped when dropped, never shown by `Debug`.
pub struct TotpSecret(Zeroizing<Vec<u8>>);

/// The bytes cannot be a TOTP secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a TOTP secret is 16 to 128 bytes")]
pub struct NotASecret;

impl TotpSecret {
    /// Bytes of a secret that we issue: 160 bits (RFC 4226, section 4, R6).
    pub const ISSUED_LENGTH: usize = 20;
    /// The shortest acceptable secret in bytes: 128 bits (RFC 4226, section 4, R6).
    pub const MIN_LENGTH: usize = 16;
    /// The longest acceptable secret in bytes: the block size of SHA-512.
    pub const MAX_LENGTH: usize = 128;

    /// A new secret.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut bytes = Zeroizing::new(vec![0; Self::ISSUED_LENGTH]);
        entropy.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// A secret that was issued before.
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Result<Self, NotASecret> {
        if (Self::MIN_LENGTH..=Self::MAX_LENGTH).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(NotASecret)
        }
    }

    /// The bytes, for the HMAC and for sealing.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Base 32 without padding, as authenticators take it.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret([redacted])")
    }
}

/// A sealed secret: ciphertext that only its key and its place (for a [`TotpSecret`]: organization, environment, user and
/// factor) open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedSecret {
    /// The key that it was sealed with.
    pub key: KeyId,
    /// Whatever the sealer made.
    pub bytes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        let secret = TotpSecret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec())).unwrap();
        assert_eq!(format!("{secret:?}"), "TotpSecret([redacted])");
    }

    #[test]
    fn base32_has_no_padding() {
        let secret = TotpSecret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec())).unwrap();
        assert_eq!(*secret.to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let odd = TotpSecret::from_bytes(Zeroizing::new(vec![7; 17])).unwrap();
        assert!(!odd.to_base32().contains('='));
    }

    #[test]
    fn too_short_and_too_long_secrets_are_refused() {
        assert!(TotpSecret::from_bytes(Zeroizing::new(vec![0; 15])).is_err());
        assert!(TotpSecret::from_bytes(Zeroizing::new(vec![0; 129])).is_err());
    }
}
