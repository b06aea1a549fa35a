//! Seals what has happened.

use std::sync::Arc;

use super::chain_ports::AuditChain;
use crate::failure::PortFailure;
use crate::identity::OrganizationId;
use crate::time::Timestamp;

/// How many events are sealed in one transaction, so that no request waits long for it.
pub const BATCH: u32 = 200;
/// How many organizations are looked up at a time.
const PAGE: u32 = 200;

/// The use case.
pub struct SealTrails {
    /// The chains.
    pub chain: Arc<dyn AuditChain>,
}

/// What came of it.
#[derive(Default, Debug)]
pub struct Sealed {
    /// How many events were sealed.
    pub events: u64,
    /// The organizations whose events could not all be sealed, and why.
    pub failures: Vec<(OrganizationId, PortFailure)>,
}

impl SealTrails {
    /// Seals everything that happened until `until`, in every organization. One that cannot be sealed does not keep the
    /// others from it.
    pub async fn until(&self, until: Timestamp) -> Result<Sealed, PortFailure> {
        let mut sealed = Sealed::default();
        let mut after = None;
        loop {
            let organizations = self.chain.to_seal(until, after, PAGE).await?;
            let Some(last) = organizations.last() else { return Ok(sealed) };
            after = Some(*last);
            for organization in organizations {
                self.seal(organization, until, &mut sealed).await;
            }
        }
    }

    async fn seal(&self, organization: OrganizationId, until: Timestamp, sealed: &mut Sealed) {
        loop {
            match self.chain.seal(organization, until, BATCH).await {
                Ok(events) => {
                    sealed.events = sealed.events.saturating_add(events.into());
                    if events < BATCH {
                        return;
                    }
                }
                Err(failure) => return sealed.failures.push((organization, failure)),
            }
        }
    }
}
