//! Whether this node has the keys that stored data needs by now. Another node may have begun with a new one.

use std::sync::Arc;

use async_trait::async_trait;

use super::{KeyRegistry, KnownKey, check_keys_in_use};
use crate::failure::PortFailure;
use crate::health::Dependency;

/// The keys that this node works with; they may be exchanged while it does.
pub trait KeysInForce: Send + Sync {
    /// Fingerprints of all of them.
    fn known_keys(&self) -> Vec<KnownKey>;
}

/// A node without a key that stored rows need is not ready: their users would get 503.
pub struct KeysReadiness {
    /// The keys of this node.
    pub in_force: Arc<dyn KeysInForce>,
    /// What stored rows need.
    pub registry: Arc<dyn KeyRegistry>,
}

#[async_trait]
impl Dependency for KeysReadiness {
    fn name(&self) -> &'static str {
        "keys"
    }

    async fn check(&self) -> Result<(), PortFailure> {
        let checked = check_keys_in_use(&self.in_force.known_keys(), &*self.registry).await;
        checked.map_err(PortFailure::unavailable)
    }
}
