//! The keys that stored data depends on, the proof that the configured ones are the right ones, and how one key takes the
//! place of another.
//!
//! A wrong or missing key is noticed when the service starts, not when a user signs in.

pub mod readiness;
pub mod reseal;
pub mod retire;

use std::str::FromStr;

use async_trait::async_trait;

use crate::failure::PortFailure;
use crate::time::Timestamp;

/// What a key is for. One key never serves two purposes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyPurpose {
    /// Sealing TOTP secrets.
    Sealing,
    /// The pepper in front of the hash of a backup code.
    Pepper,
    /// Signing step-up assertions.
    AssertionSigning,
}

impl KeyPurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sealing, Self::Pepper, Self::AssertionSigning];

    /// A stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealing => "sealing",
            Self::Pepper => "pepper",
            Self::AssertionSigning => "assertion-signing",
        }
    }
}

/// The text names no purpose of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is for sealing, pepper or assertion-signing")]
pub struct NotAKeyPurpose;

impl FromStr for KeyPurpose {
    type Err = NotAKeyPurpose;

    fn from_str(text: &str) -> Result<Self, NotAKeyPurpose> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(NotAKeyPurpose)
    }
}

/// Names one key of a purpose; stored beside whatever that key protects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(pub u32);

/// A fingerprint of a key that lets nobody compute the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyCheckValue(pub [u8; 16]);

/// A configured key as the registry knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownKey {
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Its name.
    pub id: KeyId,
    /// Its fingerprint.
    pub check: KeyCheckValue,
}

/// A key of the ring, as its operator sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingKey {
    /// The key.
    pub known: KnownKey,
    /// Whether something new is made with it.
    pub is_primary: bool,
    /// When it was added; `None` when it came with the ring.
    pub added_at: Option<Timestamp>,
    /// Since when something new is made with another key instead; `None` for a key with which nothing ever was.
    pub replaced_at: Option<Timestamp>,
}

/// What the registry holds for a key's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum KeyRegistration {
    /// The same fingerprint is on record (now or since earlier).
    Matches,
    /// Another key had this name.
    Differs,
}

/// Remembers the fingerprint of every key that was ever used.
///
/// Duty: the first registration of a (purpose, id) wins, also among concurrent ones, and is never changed.
#[async_trait]
pub trait KeyRegistry: Send + Sync {
    /// Records the fingerprint if the name is new, and compares it.
    async fn register(&self, key: KnownKey) -> Result<KeyRegistration, PortFailure>;

    /// The names of all keys that stored rows depend on.
    async fn keys_in_use(&self) -> Result<Vec<(KeyPurpose, KeyId)>, PortFailure>;

    /// How many stored rows depend on a key.
    async fn rows_using(&self, purpose: KeyPurpose, id: KeyId) -> Result<u64, PortFailure>;
}

/// Why the configured keys cannot be used with the stored data.
#[derive(Debug, thiserror::Error)]
pub enum KeyProblem {
    /// A key of this name was another key before.
    #[error("key {} of purpose {} is not the key that the stored data was made with", id.0, purpose.as_str())]
    Differs {
        /// The key's purpose.
        purpose: KeyPurpose,
        /// The key's name.
        id: KeyId,
    },
    /// Stored rows name a key that is not configured.
    #[error("stored data needs key {} of purpose {}, which is not configured", id.0, purpose.as_str())]
    Missing {
        /// The key's purpose.
        purpose: KeyPurpose,
        /// The key's name.
        id: KeyId,
    },
    /// The registry could not be asked.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// Checks every configured key against the registry, and that no stored row needs another one.
pub async fn check_keys(configured: &[KnownKey], registry: &dyn KeyRegistry) -> Result<(), KeyProblem> {
    register_keys(configured, registry).await?;
    check_keys_in_use(configured, registry).await
}

/// Checks every configured key against the registry; one that is new there is registered.
pub async fn register_keys(configured: &[KnownKey], registry: &dyn KeyRegistry) -> Result<(), KeyProblem> {
    for key in configured {
        if registry.register(*key).await? == KeyRegistration::Differs {
            return Err(KeyProblem::Differs { purpose: key.purpose, id: key.id });
        }
    }
    Ok(())
}

/// Checks that no stored row needs a key that is not configured.
pub async fn check_keys_in_use(
    configured: &[KnownKey],
    registry: &dyn KeyRegistry,
) -> Result<(), KeyProblem> {
    for (purpose, id) in registry.keys_in_use().await? {
        if !configured.iter().any(|key| key.purpose == purpose && key.id == id) {
            return Err(KeyProblem::Missing { purpose, id });
        }
    }
    Ok(())
}
