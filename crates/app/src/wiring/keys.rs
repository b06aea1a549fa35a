//! Keys: the key ring, and those that user tokens are checked with.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use countersign_domain::entropy::Entropy;
use countersign_domain::identity::Subject;
use countersign_domain::keys::{KnownKey, RingKey};
use countersign_domain::time::Timestamp;
use countersign_secrets::user_token::{
    ClaimName, JwtVerifier, MintedToken, TokenMinter, TokenSecret, TokenSecretError, UserTokenKeys,
    UserTokenRules,
};
use countersign_secrets::{KeyRing, KeyRingFile};
use zeroize::Zeroizing;

use crate::config::{Config, SecretRef};
use crate::development::{self, DataDir};

/// Makes the keys that development lacks. Keys that are configured are never made.
pub(crate) fn prepare_keys(config: &Config, entropy: &dyn Entropy) -> anyhow::Result<()> {
    if config.is_production() {
        return Ok(());
    }
    let ring = development::key_ring_file(&config.data_dir);
    let secret = development::token_secret_file(&config.data_dir);
    let locked = DataDir::prepare(&config.data_dir)?;
    if config.keys.file.is_none() && !ring.exists() {
        KeyRing::generate(entropy)?.made_for_development().save_new(&ring)?;
    }
    if config.token_secret() == Some(SecretRef::File(secret.clone())) && !secret.exists() {
        TokenSecret::generate(entropy)?.save_new(&secret)?;
    }
    drop(locked);
    Ok(())
}

/// Makes a key ring with new keys, in a new file.
pub(crate) fn generate_key_ring(entropy: &dyn Entropy, file: &Path) -> anyhow::Result<()> {
    Ok(KeyRing::generate(entropy)?.save_new(file)?)
}

/// The key ring in `file`.
pub(super) fn key_ring(file: &Path) -> anyhow::Result<KeyRing> {
    KeyRing::load(file).context("keys.file cannot be used")
}

/// Whether development made this ring up, whatever it is called now.
pub(crate) fn is_made_up_ring(file: &Path) -> bool {
    KeyRing::load(file).is_ok_and(|ring| ring.is_for_development())
}

/// The keys of the configured ring.
pub(crate) fn ring_keys(config: &Config) -> anyhow::Result<Vec<RingKey>> {
    Ok(key_ring(&config.key_ring_file()?)?.keys())
}

/// Fingerprints of the configured keys.
pub(crate) fn known_keys(config: &Config) -> anyhow::Result<Vec<KnownKey>> {
    Ok(ring_keys(config)?.into_iter().map(|key| key.known).collect())
}

/// The configured key ring, for a change; nobody else changes it meanwhile.
pub(crate) fn lock_key_ring(config: &Config) -> anyhow::Result<KeyRingFile> {
    KeyRingFile::lock(&config.key_ring_file()?).context("keys.file cannot be changed")
}

/// Whether the secret can be read, is long enough and no published sample.
pub(crate) fn check_token_secret(reference: &SecretRef) -> anyhow::Result<()> {
    token_secret(reference).map(drop)
}

fn token_secret(reference: &SecretRef) -> anyhow::Result<TokenSecret> {
    match reference {
        SecretRef::File(path) => Ok(TokenSecret::load(path)?),
        SecretRef::Environment(name) => {
            let value = std::env::var_os(name)
                .with_context(|| format!("the environment variable {name} is not set"))?;
            let secret: Result<_, TokenSecretError> =
                TokenSecret::new(Zeroizing::new(value.into_encoded_bytes()));
            Ok(secret?)
        }
    }
}

/// Checks user tokens with the configured keys.
pub(super) fn verifier(config: &Config) -> anyhow::Result<JwtVerifier> {
    let mut keys = UserTokenKeys::new();
    if let Some(reference) = config.token_secret() {
        let secret = token_secret(&reference).context("auth.hs256_secret cannot be used")?;
        keys.add_secret(None, &secret)?;
    }
    add_public_keys(config, &mut keys)?;
    Ok(JwtVerifier::new(keys, rules(config)?))
}

/// Checks that the public keys of user tokens can be used, if there are any.
pub(crate) fn check_public_keys(config: &Config) -> anyhow::Result<()> {
    add_public_keys(config, &mut UserTokenKeys::new())
}

fn add_public_keys(config: &Config, keys: &mut UserTokenKeys) -> anyhow::Result<()> {
    if let Some(file) = &config.auth.public_key_file {
        let added = read(file).and_then(|pem| Ok(keys.add_public_key(None, &String::from_utf8(pem)?)?));
        added.context("auth.public_key_file cannot be used")?;
    }
    if let Some(file) = &config.auth.jwks_file {
        let added = read(file).and_then(|document| Ok(keys.add_jwks(&document)?));
        added.context("auth.jwks_file cannot be used")?;
    }
    Ok(())
}

/// Signs a user token with the configured secret.
pub(crate) fn mint_token(
    config: &Config,
    entropy: &dyn Entropy,
    subject: &Subject,
    life: Duration,
    now: Timestamp,
) -> anyhow::Result<MintedToken> {
    prepare_keys(config, entropy)?;
    let reference = config.token_secret().context(
        "there is no secret to sign with: set auth.hs256_secret to env:NAME or file:PATH, or let the platform sign",
    )?;
    let secret = token_secret(&reference).context("auth.hs256_secret cannot be used")?;
    Ok(TokenMinter::new(&secret, None, rules(config)?).mint(subject, now, life)?)
}

fn rules(config: &Config) -> anyhow::Result<UserTokenRules> {
    let auth = &config.auth;
    Ok(UserTokenRules {
        issuer: auth.issuer.clone(),
        audience: auth.audience.0.clone(),
        organization_claim: ClaimName::new(&auth.organization_claim).context("auth.organization_claim")?,
        environment_claim: ClaimName::new(&auth.environment_claim).context("auth.environment_claim")?,
        longest_life: auth.max_token_life.0,
        leeway: auth.leeway.0,
    })
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
