use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::keys::{KeyCheckValue, KeyId, KeyPurpose, KeyRegistration, KeyRegistry, KnownKey};

use super::factors::MemoryFactors;
use super::webhooks::MemoryWebhooks;

/// Fingerprints of keys in memory; the rows that depend on keys are those of a [`MemoryFactors`] and a
/// [`MemoryWebhooks`].
#[derive(Debug)]
pub struct MemoryKeyRegistry {
    factors: Arc<MemoryFactors>,
    webhooks: Arc<MemoryWebhooks>,
    known: Mutex<BTreeMap<(KeyPurpose, KeyId), KeyCheckValue>>,
}

impl MemoryKeyRegistry {
    /// A registry that knows no key.
    pub fn new(factors: Arc<MemoryFactors>, webhooks: Arc<MemoryWebhooks>) -> Self {
        Self { factors, webhooks, known: Mutex::default() }
    }
}

#[async_trait]
impl KeyRegistry for MemoryKeyRegistry {
    async fn register(&self, key: KnownKey) -> Result<KeyRegistration, PortFailure> {
        let mut known = self.known.lock().unwrap();
        let first = known.entry((key.purpose, key.id)).or_insert(key.check);
        Ok(if *first == key.check { KeyRegistration::Matches } else { KeyRegistration::Differs })
    }

    async fn keys_in_use(&self) -> Result<Vec<(KeyPurpose, KeyId)>, PortFailure> {
        Ok([self.factors.keys_in_use(), self.webhooks.keys_in_use()].concat())
    }

    async fn rows_using(&self, purpose: KeyPurpose, id: KeyId) -> Result<u64, PortFailure> {
        let used = self.keys_in_use().await?;
        Ok(used.iter().filter(|key| **key == (purpose, id)).count().try_into().unwrap())
    }
}
