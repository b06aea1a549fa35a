//! The one place that names concrete adapters. Everything else works with the ports of the domain.

mod checks;
mod keys;
mod limits;
mod proofs;
mod reseal;
mod served_keys;
mod service;
mod stores;
mod users;
mod webhooks;

use std::sync::Arc;

use countersign_domain::entropy::Entropy;
use countersign_secrets::{IdEntropy, OsEntropy};

pub(crate) use checks::{check_values, is_exposed_database, shown_database_url};
pub(crate) use keys::{
    check_public_keys, check_token_secret, generate_key_ring, is_made_up_ring, known_keys, lock_key_ring,
    mint_token, prepare_keys, ring_keys,
};
pub(crate) use limits::{inspect_limits, limits_travel_in_clear};
pub(crate) use reseal::{Resealing, resealing};
pub(crate) use served_keys::ServedKeys;
pub(crate) use service::{Service, openapi, start_service};
pub(crate) use stores::{
    DatabaseState, Migration, Stores, inspect_database, lock_server, migrate_down, migrate_up, migrations,
    open_stores,
};
pub(crate) use users::{Recipient, SealedFile, exporter, importer, seal_file};

/// The randomness of the operating system.
pub(crate) fn entropy() -> Arc<dyn Entropy> {
    Arc::new(OsEntropy)
}

/// Randomness for what every call makes: ids, and nothing secret.
fn id_entropy() -> Arc<dyn Entropy> {
    Arc::new(IdEntropy)
}
