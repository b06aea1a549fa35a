//! Seals what has happened.

use std::sync::Arc;

use super::chain_ports::AuditChain;
use crate::failure::PortFailure;
use crate::identity::OrganizationId;
use crate::time::Timestamp;

/// How many events are sealed in one transaction at first: about a millisecond, for which a verification may have to wait.
const SMALLEST_BATCH: u32 = 25;
/// The most events in one transaction.
pub const LARGEST_BATCH: u32 = 200;
/// In between, a batch is this part of what was sealed before it, so that a long backlog does not outgrow its sealing.
const PART: u64 = 256;
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
            let batch = batch_after(sealed.events);
            match self.chain.seal(organization, until, batch).await {
                Ok(events) => {
                    sealed.events = sealed.events.saturating_add(events.into());
                    if events < batch {
                        return;
                    }
                }
                Err(failure) => return sealed.failures.push((organization, failure)),
            }
        }
    }
}

/// How many events are sealed together when so many were sealed before.
fn batch_after(sealed: u64) -> u32 {
    u32::try_from(sealed / PART).unwrap_or(LARGEST_BATCH).clamp(SMALLEST_BATCH, LARGEST_BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_backlog_is_sealed_in_small_steps_and_a_long_one_in_ever_larger_ones() {
        let batches = [0, 6_400, 6_656, 25_600, 51_200, u64::MAX].map(batch_after);
        assert_eq!(batches, [25, 25, 26, 100, 200, 200]);
    }
}
