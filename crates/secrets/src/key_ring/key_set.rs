//! The keys of one purpose.

use std::collections::BTreeMap;

use countersign_domain::keys::KeyId;
use countersign_domain::time::Timestamp;

use super::error::CannotChange;
use super::key_bytes::KeyBytes;

/// A key with its history.
#[derive(Debug)]
pub(super) struct DatedKey<const N: usize> {
    pub(super) key: KeyBytes<N>,
    /// When it was added; `None` when it came with the ring.
    pub(super) added_at: Option<Timestamp>,
    /// Since when it is not the primary key any more.
    pub(super) replaced_at: Option<Timestamp>,
}

impl<const N: usize> DatedKey<N> {
    /// A key that came with the ring.
    pub(super) const fn original(key: KeyBytes<N>) -> Self {
        Self { key, added_at: None, replaced_at: None }
    }
}

/// Keys of one purpose: the primary one, which new data is made with, and others that stored data still
/// needs.
#[derive(Debug)]
pub(super) struct KeySet<const N: usize> {
    primary: KeyId,
    primary_key: DatedKey<N>,
    others: BTreeMap<KeyId, DatedKey<N>>,
}

impl<const N: usize> KeySet<N> {
    /// A set of one key.
    pub(super) const fn of_one(id: KeyId, key: KeyBytes<N>) -> Self {
        Self { primary: id, primary_key: DatedKey::original(key), others: BTreeMap::new() }
    }

    /// The key named `primary` out of `keys`, and the others; `None` when it is not among them.
    pub(super) fn choose(primary: KeyId, mut keys: BTreeMap<KeyId, DatedKey<N>>) -> Option<Self> {
        let primary_key = keys.remove(&primary)?;
        Some(Self { primary, primary_key, others: keys })
    }

    /// The key for new data.
    pub(super) const fn primary(&self) -> (KeyId, &KeyBytes<N>) {
        (self.primary, &self.primary_key.key)
    }

    /// The key with this name.
    pub(super) fn get(&self, id: KeyId) -> Option<&KeyBytes<N>> {
        if id == self.primary {
            Some(&self.primary_key.key)
        } else {
            self.others.get(&id).map(|other| &other.key)
        }
    }

    /// All keys, the primary one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyId, &KeyBytes<N>)> {
        self.dated().map(|(id, dated)| (id, &dated.key))
    }

    /// All keys with their history, the primary one first.
    pub(super) fn dated(&self) -> impl Iterator<Item = (KeyId, &DatedKey<N>)> {
        let others = self.others.iter().map(|(id, key)| (*id, key));
        std::iter::once((self.primary, &self.primary_key)).chain(others)
    }

    /// The lowest number above all that are taken.
    pub(super) fn next_id(&self) -> Option<KeyId> {
        let highest = self.others.keys().copied().fold(self.primary, KeyId::max);
        highest.0.checked_add(1).map(KeyId)
    }

    /// Adds a key that is not used for new data yet.
    pub(super) fn add(&mut self, id: KeyId, key: KeyBytes<N>, at: Timestamp) -> Result<(), CannotChange> {
        if self.get(id).is_some() {
            return Err(CannotChange::Taken(id));
        }
        self.others.insert(id, DatedKey { key, added_at: Some(at), replaced_at: None });
        Ok(())
    }

    /// Makes new data with this key from now on.
    pub(super) fn promote(&mut self, id: KeyId, at: Timestamp) -> Result<(), CannotChange> {
        if id == self.primary {
            return Err(CannotChange::IsPrimary(id));
        }
        let promoted = self.others.remove(&id).ok_or(CannotChange::NoSuchKey(id))?;
        let replaced = std::mem::replace(&mut self.primary_key, DatedKey { replaced_at: None, ..promoted });
        self.others.insert(self.primary, DatedKey { replaced_at: Some(at), ..replaced });
        self.primary = id;
        Ok(())
    }

    /// Takes a key away.
    pub(super) fn remove(&mut self, id: KeyId) -> Result<(), CannotChange> {
        if id == self.primary {
            return Err(CannotChange::IsPrimary(id));
        }
        self.others.remove(&id).map(drop).ok_or(CannotChange::NoSuchKey(id))
    }
}
