//! The keys that stored data depends on, and those that sign assertions.

mod change;
mod current;
mod document;
mod error;
mod file;
mod key_bytes;
mod key_set;

use std::path::Path;

use aws_lc_rs::hmac;
use countersign_domain::entropy::{Entropy, EntropyUnavailable};
use countersign_domain::keys::{KeyCheckValue, KeyId, KeyPurpose, KnownKey};

pub use self::current::CurrentKeyRing;
pub use self::error::{CannotChange, KeyLabel, KeyRingError};
pub use self::file::KeyRingFile;
pub(crate) use self::key_bytes::KeyBytes;
use self::key_set::KeySet;
use crate::{secret_file, weakness};

/// A key of XChaCha20-Poly1305.
pub(crate) type SealingKey = KeyBytes<32>;
/// A key of HMAC-SHA-384, as long as the MAC (RFC 2104, section 3).
pub(crate) type Pepper = KeyBytes<48>;
/// The private key of Ed25519 (RFC 8032, section 5.1.5).
pub(crate) type SigningSeed = KeyBytes<32>;

const SEALING: &str = KeyPurpose::Sealing.as_str();
const PEPPER: &str = KeyPurpose::Pepper.as_str();
const ASSERTION_SIGNING: &str = KeyPurpose::AssertionSigning.as_str();

/// The keys of one installation by number: sealing keys, peppers, and the Ed25519 keys of assertions. Of each
/// kind one is the primary one, with which something new is made; the others serve what was made with them.
///
/// No two keys are the same, and none repeats itself, counts up or stands in a published document.
#[derive(Debug)]
pub struct KeyRing {
    for_development: bool,
    sealing: KeySet<32>,
    peppers: KeySet<48>,
    signing: KeySet<32>,
}

impl KeyRing {
    /// A new ring: sealing key 1, pepper 1 and signing key 1.
    ///
    /// A generator whose bytes are not random is treated as unavailable.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let first = KeyId(1);
        let ring = Self {
            for_development: false,
            sealing: KeySet::of_one(first, KeyBytes::generate(entropy)?),
            peppers: KeySet::of_one(first, KeyBytes::generate(entropy)?),
            signing: KeySet::of_one(first, KeyBytes::generate(entropy)?),
        };
        ring.refuse_bad_keys().map_err(|_| EntropyUnavailable)?;
        Ok(ring)
    }

    /// The same ring, marked as one that nothing but development may be served with. The mark goes wherever the ring goes,
    /// under whatever name.
    #[must_use]
    pub fn made_for_development(self) -> Self {
        Self { for_development: true, ..self }
    }

    /// Whether the ring was made up for development.
    pub const fn is_for_development(&self) -> bool {
        self.for_development
    }

    /// Reads a ring that [`KeyRing::save_new`] wrote or a person edited. The file must be closed to everybody
    /// but its owner (mode 0600 or less, on Unix).
    pub fn load(path: &Path) -> Result<Self, KeyRingError> {
        let ring = document::read(&secret_file::read(path)?)?;
        ring.refuse_bad_keys()?;
        Ok(ring)
    }

    /// Writes the ring to a new file with mode 0600. The file is there as a whole or not at all, and on disk
    /// when this returns. An existing file is never overwritten: with it the stored data would be lost.
    pub fn save_new(&self, path: &Path) -> Result<(), KeyRingError> {
        Ok(secret_file::write_new(path, &document::write(self)?)?)
    }

    /// Fingerprints of all keys, for the key registry.
    pub fn known_keys(&self) -> Vec<KnownKey> {
        self.keys().into_iter().map(|key| key.known).collect()
    }

    pub(crate) fn primary_sealing_key(&self) -> (KeyId, &SealingKey) {
        self.sealing.primary()
    }

    pub(crate) fn sealing_key(&self, id: KeyId) -> Option<&SealingKey> {
        self.sealing.get(id)
    }

    pub(crate) fn primary_pepper(&self) -> (KeyId, &Pepper) {
        self.peppers.primary()
    }

    pub(crate) fn pepper(&self, id: KeyId) -> Option<&Pepper> {
        self.peppers.get(id)
    }

    /// The seeds of all signing keys, the primary one first.
    pub(crate) fn signing_seeds(&self) -> impl Iterator<Item = &SigningSeed> {
        self.signing.iter().map(|(_, seed)| seed)
    }

    fn refuse_bad_keys(&self) -> Result<(), KeyRingError> {
        let all = self.labelled();
        for (key, bytes) in &all {
            if let Some(weakness) = weakness::of_key(bytes) {
                return Err(KeyRingError::Weak { key: *key, weakness });
            }
        }
        for (place, (one, bytes)) in all.iter().enumerate() {
            let twin = all.iter().skip(place.saturating_add(1)).find(|(_, other)| start_alike(bytes, other));
            if let Some((other, _)) = twin {
                return Err(KeyRingError::Equal { one: *one, other: *other });
            }
        }
        Ok(())
    }

    fn labelled(&self) -> Vec<(KeyLabel, &[u8])> {
        let label = |section, id: KeyId| KeyLabel { section, id: id.0 };
        let sealing = self.sealing.iter().map(|(id, key)| (label(SEALING, id), &key.expose()[..]));
        let peppers = self.peppers.iter().map(|(id, key)| (label(PEPPER, id), &key.expose()[..]));
        let signing =
            self.signing.iter().map(|(id, seed)| (label(ASSERTION_SIGNING, id), &seed.expose()[..]));
        sealing.chain(peppers).chain(signing).collect()
    }
}

/// Whether the shorter key is the beginning of the longer one.
fn start_alike(one: &[u8], other: &[u8]) -> bool {
    one.iter().zip(other).all(|(a, b)| a == b)
}

/// The fingerprint of a key: half of a MAC over a constant, from which the key cannot be computed.
fn known(purpose: KeyPurpose, id: KeyId, key: &[u8]) -> KnownKey {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(b"countersign key check v1");
    context.update(purpose.as_str().as_bytes());
    let mut check = [0; 16];
    check.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    KnownKey { purpose, id, check: KeyCheckValue(check) }
}

#[cfg(test)]
mod tests;
