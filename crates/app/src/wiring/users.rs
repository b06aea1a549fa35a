//! The use cases with which users' factors move between systems.

use std::io::Write;
use std::sync::Arc;

use countersign_domain::two_factor::export::ExportFactors;
use countersign_domain::two_factor::import::ImportFactor;
use countersign_domain::two_factor::ports::SecretSealer;
pub(crate) use countersign_secrets::{AgeRecipient as Recipient, AgeWriter as SealedFile};
use countersign_secrets::{AgeWriter, XChaChaSealer};

use super::keys::prepare_keys;
use super::served_keys::ServedKeys;
use super::stores::Stores;
use crate::commands::Session;

/// Takes over factors of other systems.
pub(crate) async fn importer(session: &Session, stores: &Stores) -> anyhow::Result<ImportFactor> {
    Ok(ImportFactor {
        clock: session.clock.clone(),
        entropy: session.entropy.clone(),
        factors: stores.factors.clone(),
        sealer: sealer(session, stores).await?,
    })
}

/// Seals with the configured key ring, after it was compared with the stored data.
async fn sealer(session: &Session, stores: &Stores) -> anyhow::Result<Arc<dyn SecretSealer>> {
    prepare_keys(&session.config, &*session.entropy)?;
    let keys = ServedKeys::load(session.config.key_ring_file()?, stores.key_registry.clone()).await?;
    Ok(Arc::new(XChaChaSealer::new(keys.in_force().clone(), session.entropy.clone())))
}

/// Hands factors out.
pub(crate) async fn exporter(session: &Session, stores: &Stores) -> anyhow::Result<ExportFactors> {
    Ok(ExportFactors {
        clock: session.clock.clone(),
        entropy: session.entropy.clone(),
        factors: stores.factors.clone(),
        sealer: sealer(session, stores).await?,
        audit: stores.audit.clone(),
    })
}

/// Seals what is written to `file` for the recipient.
pub(crate) fn seal_file<W: Write>(
    file: W,
    recipient: &Recipient,
    session: &Session,
) -> anyhow::Result<SealedFile<W>> {
    Ok(AgeWriter::new(file, recipient, &*session.entropy)?)
}
