//! The keys that user tokens are checked with.

use aws_lc_rs::hmac;

use super::algorithm::Algorithm;
use super::jwks::{self, JwksError};
use super::kid::Kid;
use super::pem::{self, PemError};
use super::public_key::PublicKey;
use super::secret::TokenSecret;

/// The keys of the platform, each with its one algorithm. At most [`UserTokenKeys::MOST`], because a token
/// without `kid` may have to be tried with each key of its algorithm.
#[derive(Default)]
pub struct UserTokenKeys(Vec<UserTokenKey>);

/// Why a key is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserTokenKeyError {
    /// The text is not a public key in PEM.
    #[error("the key cannot be read")]
    Pem(#[from] PemError),
    /// The block is not a key that we check signatures with.
    #[error("the key is neither an RSA key of 2048 to 8192 bits nor a P-256 nor an Ed25519 key")]
    NotAPublicKey,
    /// The key set.
    #[error("the key set cannot be used")]
    Jwks(#[from] JwksError),
    /// There are too many keys.
    #[error("there are more than {} keys", UserTokenKeys::MOST)]
    TooMany,
}

struct UserTokenKey {
    kid: Option<Kid>,
    material: Material,
}

enum Material {
    Secret(Box<hmac::Key>),
    Public(PublicKey),
}

impl UserTokenKeys {
    /// The most keys.
    pub const MOST: usize = 32;

    /// No keys: every token is refused until one is added.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the secret of HS256 tokens.
    pub fn add_secret(&mut self, kid: Option<Kid>, secret: &TokenSecret) -> Result<(), UserTokenKeyError> {
        self.add(kid, Material::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret.expose()))))
    }

    /// Adds a `PUBLIC KEY` in PEM. An RSA key (at least 2048 bits) is for RS256, a P-256 key for ES256, an
    /// Ed25519 key for `EdDSA`.
    pub fn add_public_key(&mut self, kid: Option<Kid>, pem: &str) -> Result<(), UserTokenKeyError> {
        let der = pem::public_key(pem)?;
        let key = PublicKey::from_spki(&der).map_err(|_| UserTokenKeyError::NotAPublicKey)?;
        self.add(kid, Material::Public(key))
    }

    /// Adds the keys of a key set (JWKS). Keys for encryption, of other types and of other algorithms are
    /// passed over; a set with secret keys, with a damaged key, or without any usable one is refused.
    pub fn add_jwks(&mut self, document: &[u8]) -> Result<(), UserTokenKeyError> {
        jwks::parse(document)?.into_iter().try_for_each(|key| self.add(key.kid, Material::Public(key.key)))
    }

    fn add(&mut self, kid: Option<Kid>, material: Material) -> Result<(), UserTokenKeyError> {
        if self.0.len() >= Self::MOST {
            return Err(UserTokenKeyError::TooMany);
        }
        self.0.push(UserTokenKey { kid, material });
        Ok(())
    }

    /// The keys that a token with this header may be signed with: those with its `kid`, else those without a
    /// name; of its algorithm only. Without a `kid` all of its algorithm.
    pub(super) fn candidates(
        &self,
        kid: Option<&Kid>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = SignatureKey<'_>> {
        let is_known = self.0.iter().any(|key| kid.is_some() && key.kid.as_ref() == kid);
        let is_named = move |key: &&UserTokenKey| match kid {
            None => true,
            Some(_) if is_known => key.kid.as_ref() == kid,
            Some(_) => key.kid.is_none(),
        };
        let fits = move |key: &&UserTokenKey| key.material.algorithm() == algorithm;
        self.0.iter().filter(is_named).filter(fits).map(|key| SignatureKey(&key.material))
    }
}

/// A key that a signature is tried with.
pub(super) struct SignatureKey<'a>(&'a Material);

impl SignatureKey<'_> {
    /// Whether `signature` is one of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.0 {
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Material::Public(key) => key.verifies(message, signature),
        }
    }
}

impl Material {
    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Public(key) => key.algorithm(),
        }
    }
}

#[cfg(test)]
mod tests;
