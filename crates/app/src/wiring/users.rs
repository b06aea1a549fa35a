//! The use cases with which users' factors move between systems.

use std::io::Write;
use std::sync::Arc;

use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::export::ExportFactors;
use countersign_domain::two_factor::import::ImportFactor;
use countersign_domain::two_factor::ports::{SecretPlace, SecretSealer};
use countersign_domain::two_factor::secret::{SealedSecret, TotpSecret};
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
        sealer: Arc::new(sealer(session, stores).await?),
    })
}

/// Seals with the configured key ring, after it was compared with the stored data, as long as its file stays the same. An
/// import may take hours, and what it sealed with a key that was retired meanwhile nobody could open.
struct PresentKeys {
    keys: ServedKeys,
    sealer: XChaChaSealer,
}

impl SecretSealer for PresentKeys {
    fn seal(&self, place: SecretPlace<'_>, secret: &TotpSecret) -> Result<SealedSecret, PortFailure> {
        if self.keys.are_present().map_err(PortFailure::other)? {
            self.sealer.seal(place, secret)
        } else {
            Err(PortFailure::unavailable("the key ring has changed meanwhile: run the command again"))
        }
    }

    fn open(&self, place: SecretPlace<'_>, sealed: &SealedSecret) -> Result<TotpSecret, PortFailure> {
        self.sealer.open(place, sealed)
    }
}

async fn sealer(session: &Session, stores: &Stores) -> anyhow::Result<PresentKeys> {
    prepare_keys(&session.config, &*session.entropy)?;
    let keys = ServedKeys::load(session.config.key_ring_file()?, stores.key_registry.clone()).await?;
    let sealer = XChaChaSealer::new(keys.in_force().clone(), session.entropy.clone());
    Ok(PresentKeys { keys, sealer })
}

/// Hands factors out.
pub(crate) async fn exporter(session: &Session, stores: &Stores) -> anyhow::Result<ExportFactors> {
    Ok(ExportFactors {
        clock: session.clock.clone(),
        entropy: session.entropy.clone(),
        factors: stores.factors.clone(),
        sealer: Arc::new(sealer(session, stores).await?),
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
