//! The ring that is in force, which may be exchanged while it is used.

use std::sync::{Arc, PoisonError, RwLock};

use countersign_domain::keys::KnownKey;
use countersign_domain::keys::readiness::KeysInForce;
use countersign_domain::two_factor::proof_ports::AssertionKeySet;

use super::KeyRing;
use crate::assertion::{AssertionKeys, SigningKeyRejected};

/// The ring in force. Whoever needs keys asks for it anew each time, and keeps to what it got until the work is done.
pub struct CurrentKeyRing(RwLock<InForce>);

#[derive(Clone)]
struct InForce {
    ring: Arc<KeyRing>,
    assertion_keys: Arc<AssertionKeys>,
}

impl InForce {
    fn new(ring: KeyRing) -> Result<Self, SigningKeyRejected> {
        let assertion_keys = Arc::new(AssertionKeys::new(&ring)?);
        Ok(Self { ring: Arc::new(ring), assertion_keys })
    }
}

impl CurrentKeyRing {
    /// `ring` is in force.
    pub fn new(ring: KeyRing) -> Result<Self, SigningKeyRejected> {
        InForce::new(ring).map(|in_force| Self(RwLock::new(in_force)))
    }

    /// From now on `ring` is in force. When one of its keys is refused, the ring before it stays.
    pub fn exchange(&self, ring: KeyRing) -> Result<(), SigningKeyRejected> {
        let next = InForce::new(ring)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// The ring in force.
    pub fn get(&self) -> Arc<KeyRing> {
        self.in_force().ring
    }

    /// The keys of assertions of the ring in force.
    pub(crate) fn assertion_keys(&self) -> Arc<AssertionKeys> {
        self.in_force().assertion_keys
    }

    fn in_force(&self) -> InForce {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeysInForce for CurrentKeyRing {
    fn known_keys(&self) -> Vec<KnownKey> {
        self.get().known_keys()
    }
}

impl AssertionKeySet for CurrentKeyRing {
    fn jwks_json(&self) -> String {
        self.assertion_keys().jwks_json().to_owned()
    }
}
