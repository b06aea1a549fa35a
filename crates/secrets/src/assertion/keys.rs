//! The keys that sign assertions, and how they are published.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::jwk::Jwk;
use super::jws;
use crate::KeyRing;
use crate::key_ring::SigningSeed;

/// The signing keys of a [`KeyRing`]: the primary one signs, and all of them are published.
pub(crate) struct AssertionKeys {
    primary: Ed25519KeyPair,
    header: String,
    key_set: String,
}

/// The cryptographic library does not accept a signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an assertion signing key of the key ring cannot be used")]
pub struct SigningKeyRejected;

impl AssertionKeys {
    /// The signing keys of `ring`.
    pub(crate) fn new(ring: &KeyRing) -> Result<Self, SigningKeyRejected> {
        let pairs = ring.signing_seeds().map(key_pair).collect::<Result<Vec<_>, _>>()?;
        let published: Vec<_> = pairs.iter().map(Jwk::of).collect();
        let key_set = json!({"keys": published.iter().map(Jwk::to_json).collect::<Vec<Value>>()}).to_string();
        let signing = pairs.into_iter().zip(&published).next();
        let (primary, Jwk { kid, .. }) = signing.ok_or(SigningKeyRejected)?;
        let header = json!({"alg": "EdDSA", "typ": "stepup+jwt", "kid": kid}).to_string();
        Ok(Self { primary, header, key_set })
    }

    /// The document for `/.well-known/jwks.json`: the public keys as a JSON Web Key Set (RFC 7517, section
    /// 5), the primary one first. Each is called by its thumbprint (RFC 7638).
    pub(crate) fn jwks_json(&self) -> &str {
        &self.key_set
    }

    /// `claims` as a signed assertion.
    pub(super) fn sign(&self, claims: &Value) -> Result<Zeroizing<String>, Unspecified> {
        jws::sign(&self.primary, self.header.as_bytes(), claims.to_string().as_bytes())
    }
}

/// The key pair that belongs to a seed.
pub(super) fn key_pair(seed: &SigningSeed) -> Result<Ed25519KeyPair, SigningKeyRejected> {
    Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| SigningKeyRejected)
}
