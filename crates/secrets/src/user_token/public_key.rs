//! Public keys that signatures are checked with.

use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};

use super::algorithm::Algorithm;

/// The size of RSA keys in bits that we accept (RFC 7518, section 3.3: at least 2048).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key, bound to the one algorithm that it is used with.
pub(super) struct PublicKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

/// The key is not one that we check signatures with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotAPublicKey;

impl PublicKey {
    /// From a `SubjectPublicKeyInfo` in DER (RFC 5280, section 4.1). The type of the key decides on its
    /// algorithm.
    pub(super) fn from_spki(der: &[u8]) -> Result<Self, NotAPublicKey> {
        // The parsers also take bare points and bare RSA keys, which have no place in such a block.
        if !is_spki(der) {
            return Err(NotAPublicKey);
        }
        let ec = || ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, der).map(|key| (Algorithm::Es256, key));
        let ed = || ParsedPublicKey::new(&ED25519, der).map(|key| (Algorithm::EdDsa, key));
        match ec().or_else(|_| ed()) {
            Ok((algorithm, key)) => Ok(Self { algorithm, key }),
            Err(_) => Self::rsa(der),
        }
    }

    /// From the modulus and the exponent of an RSA key, as big-endian numbers.
    pub(super) fn from_rsa_components(n: &[u8], e: &[u8]) -> Result<Self, NotAPublicKey> {
        let components = RsaPublicKeyComponents { n, e };
        let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(|_| NotAPublicKey)?;
        Self::rsa(key.as_ref())
    }

    /// From the coordinates of a point on P-256, 32 bytes each.
    pub(super) fn from_p256_point(x: &[u8], y: &[u8]) -> Result<Self, NotAPublicKey> {
        if x.len() != 32 || y.len() != 32 {
            return Err(NotAPublicKey);
        }
        // 4 stands for an uncompressed point (SEC 1, section 2.3.3).
        let point = [&[4], x, y].concat();
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| NotAPublicKey)?;
        Ok(Self { algorithm: Algorithm::Es256, key })
    }

    /// From the 32 bytes of an Ed25519 key.
    pub(super) fn from_ed25519_bytes(x: &[u8]) -> Result<Self, NotAPublicKey> {
        if x.len() != 32 {
            return Err(NotAPublicKey);
        }
        let key = ParsedPublicKey::new(&ED25519, x).map_err(|_| NotAPublicKey)?;
        Ok(Self { algorithm: Algorithm::EdDsa, key })
    }

    /// The size is checked here and not at the first signature, so that a short key stops the start.
    fn rsa(der: &[u8]) -> Result<Self, NotAPublicKey> {
        let public = rsa::PublicKey::from_der(der).map_err(|_| NotAPublicKey)?;
        if !RSA_BITS.contains(&bits(public.modulus().big_endian_without_leading_zero())) {
            return Err(NotAPublicKey);
        }
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map_err(|_| NotAPublicKey)?;
        Ok(Self { algorithm: Algorithm::Rs256, key })
    }

    /// The algorithm.
    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is one of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

/// `SEQUENCE { SEQUENCE { …`: the outermost structure of a `SubjectPublicKeyInfo`, which no other accepted
/// encoding shares.
fn is_spki(der: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    let content = match der {
        [SEQUENCE, length, rest @ ..] if *length < 0x80 => rest,
        [SEQUENCE, 0x81, _, rest @ ..] | [SEQUENCE, 0x82, _, _, rest @ ..] => rest,
        _ => return false,
    };
    content.first() == Some(&SEQUENCE)
}

fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len().saturating_mul(8).saturating_sub(unused)
}
