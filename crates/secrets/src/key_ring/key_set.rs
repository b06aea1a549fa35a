//! The keys of one purpose.

use std::collections::BTreeMap;

use countersign_domain::keys::KeyId;

use super::key_bytes::KeyBytes;

/// Keys of one purpose: the primary one, which new data is made with, and others that stored data still
/// needs.
#[derive(Debug)]
pub(super) struct KeySet<const N: usize> {
    primary: KeyId,
    primary_key: KeyBytes<N>,
    others: BTreeMap<KeyId, KeyBytes<N>>,
}

impl<const N: usize> KeySet<N> {
    /// A set of one key.
    pub(super) fn of_one(id: KeyId, key: KeyBytes<N>) -> Self {
        Self { primary: id, primary_key: key, others: BTreeMap::new() }
    }

    /// The key named `primary` out of `keys`, and the others; `None` when it is not among them.
    pub(super) fn choose(primary: KeyId, mut keys: BTreeMap<KeyId, KeyBytes<N>>) -> Option<Self> {
        let primary_key = keys.remove(&primary)?;
        Some(Self { primary, primary_key, others: keys })
    }

    /// The key for new data.
    pub(super) fn primary(&self) -> (KeyId, &KeyBytes<N>) {
        (self.primary, &self.primary_key)
    }

    /// The key with this name.
    pub(super) fn get(&self, id: KeyId) -> Option<&KeyBytes<N>> {
        if id == self.primary { Some(&self.primary_key) } else { self.others.get(&id) }
    }

    /// All keys, the primary one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyId, &KeyBytes<N>)> {
        std::iter::once(self.primary()).chain(self.others.iter().map(|(id, key)| (*id, key)))
    }
}
