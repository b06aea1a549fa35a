//! How a ring changes: a key is added, becomes the primary one, and is taken away when nothing needs it any more.

use countersign_domain::entropy::Entropy;
use countersign_domain::keys::{KeyId, KeyPurpose, KnownKey, RingKey};
use countersign_domain::time::Timestamp;

use super::error::CannotChange;
use super::key_bytes::KeyBytes;
use super::key_set::{DatedKey, KeySet};
use super::{KeyRing, known};

impl KeyRing {
    /// All keys with their history, purpose by purpose, the primary one first.
    pub fn keys(&self) -> Vec<RingKey> {
        let sealing = ring_keys(KeyPurpose::Sealing, &self.sealing);
        let peppers = ring_keys(KeyPurpose::Pepper, &self.peppers);
        sealing.chain(peppers).chain(ring_keys(KeyPurpose::AssertionSigning, &self.signing)).collect()
    }

    /// The lowest number above those of a purpose's keys.
    pub fn next_id(&self, purpose: KeyPurpose) -> Result<KeyId, CannotChange> {
        let next = match purpose {
            KeyPurpose::Sealing => self.sealing.next_id(),
            KeyPurpose::Pepper => self.peppers.next_id(),
            KeyPurpose::AssertionSigning => self.signing.next_id(),
        };
        next.ok_or(CannotChange::Full)
    }

    /// Adds a new key with a free number. Nothing new is made with it yet; whatever another node makes with it can be read.
    pub fn add(
        &mut self,
        purpose: KeyPurpose,
        id: KeyId,
        entropy: &dyn Entropy,
        at: Timestamp,
    ) -> Result<KnownKey, CannotChange> {
        match purpose {
            KeyPurpose::Sealing => self.sealing.add(id, generate(entropy)?, at)?,
            KeyPurpose::Pepper => self.peppers.add(id, generate(entropy)?, at)?,
            KeyPurpose::AssertionSigning => self.signing.add(id, generate(entropy)?, at)?,
        }
        self.refuse_bad_keys().map_err(|_| CannotChange::Entropy)?;
        let added = |key: &KnownKey| key.purpose == purpose && key.id == id;
        self.known_keys().into_iter().find(added).ok_or(CannotChange::NoSuchKey(id))
    }

    /// Makes a key the primary one: from now on something new is made with it.
    pub fn promote(&mut self, purpose: KeyPurpose, id: KeyId, at: Timestamp) -> Result<(), CannotChange> {
        match purpose {
            KeyPurpose::Sealing => self.sealing.promote(id, at),
            KeyPurpose::Pepper => self.peppers.promote(id, at),
            KeyPurpose::AssertionSigning => self.signing.promote(id, at),
        }
    }

    /// Takes a key away that is not the primary one. Whether anything needs it is not known here.
    pub fn remove(&mut self, purpose: KeyPurpose, id: KeyId) -> Result<(), CannotChange> {
        match purpose {
            KeyPurpose::Sealing => self.sealing.remove(id),
            KeyPurpose::Pepper => self.peppers.remove(id),
            KeyPurpose::AssertionSigning => self.signing.remove(id),
        }
    }
}

fn generate<const N: usize>(entropy: &dyn Entropy) -> Result<KeyBytes<N>, CannotChange> {
    KeyBytes::generate(entropy).map_err(|_| CannotChange::Entropy)
}

fn ring_keys<const N: usize>(purpose: KeyPurpose, keys: &KeySet<N>) -> impl Iterator<Item = RingKey> {
    let (primary, _) = keys.primary();
    keys.dated().map(move |(id, DatedKey { key, added_at, replaced_at })| RingKey {
        known: known(purpose, id, key.expose()),
        is_primary: id == primary,
        added_at: *added_at,
        replaced_at: *replaced_at,
    })
}
