//! What is sealed anew with the primary key.

use std::sync::Arc;

use anyhow::Context as _;
use countersign_domain::keys::reseal::Reseal;
use countersign_domain::keys::{KeyId, KeyPurpose, register_keys};
use countersign_jobs::reseal::Resealable;
use countersign_secrets::{CurrentKeyRing, XChaChaSealer};

use super::keys::key_ring;
use super::stores::Stores;
use crate::commands::Session;
use crate::commands::doctor::remedy_for;

/// Everything that is sealed, and the keys that it is to leave.
pub(crate) struct Resealing {
    /// One for each kind of rows.
    pub(crate) kinds: Vec<Box<dyn Resealable>>,
    /// Keys that rows depend on and that are not the primary one.
    pub(crate) old_keys: Vec<KeyId>,
}

/// Looks for what is to be sealed anew. A ring that is not the one of the stored data is refused; a key that is missing in it
/// only keeps its rows from being opened.
pub(crate) async fn resealing(session: &Session, stores: &Stores) -> anyhow::Result<Resealing> {
    let ring = key_ring(&session.config.key_ring_file()?)?;
    if let Err(problem) = register_keys(&ring.known_keys(), &*stores.key_registry).await {
        return Err(anyhow::anyhow!("{problem}; {}", remedy_for(&problem)));
    }
    let is_primary = |id| {
        ring.keys()
            .iter()
            .any(|key| key.is_primary && key.known.purpose == KeyPurpose::Sealing && key.known.id == id)
    };
    let in_use = stores.key_registry.keys_in_use().await?;
    let sealing = in_use.into_iter().filter(|(purpose, _)| *purpose == KeyPurpose::Sealing);
    let old_keys = sealing.map(|(_, id)| id).filter(|id| !is_primary(*id)).collect();
    let ring = Arc::new(CurrentKeyRing::new(ring).context("keys.file cannot be used")?);
    let sealer = Arc::new(XChaChaSealer::new(ring, session.entropy.clone()));
    let factors = Reseal::of_factors(stores.sealed.clone(), sealer.clone());
    let webhooks = Reseal::of_webhooks(stores.sealed_webhooks.clone(), sealer);
    Ok(Resealing { kinds: vec![Box::new(factors), Box::new(webhooks)], old_keys })
}
