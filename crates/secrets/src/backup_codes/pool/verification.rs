//! Single codes, to prove a factor.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_bcrypt_lanes::{Cost, Digest, Salt};
use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::backup_code::BackupCode;
use countersign_domain::two_factor::imported_code::ImportedCodeNumber;
use countersign_domain::two_factor::presented_code::TypedBackupCode;
use countersign_domain::two_factor::proof_ports::{
    CodeVerifier, ImportedBackupCodes, ReservedVerification, StoredBackupCode,
};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::{BcryptPool, Queue, collect, imported};
use crate::KeyRing;
use crate::backup_codes::bcrypt_hash::HashJob;
use crate::backup_codes::hash_input::HashInput;
use crate::backup_codes::prehash::Prehash;
use crate::key_ring::Pepper;

/// The salt of a computation whose result is not looked at.
const STAND_IN: Salt = Salt([0; 16]);

/// The set was hashed behind a pepper that the ring does not hold. No other one is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("pepper {} is not configured", .0.0)]
struct PepperMissing(KeyId);

#[async_trait]
impl CodeVerifier for BcryptPool {
    async fn reserve(&self) -> Result<Box<dyn ReservedVerification>, PortFailure> {
        let place = timeout(self.max_wait, self.places.clone().acquire_owned()).await;
        let place =
            place.map_err(|_| PortFailure::unavailable("too many backup codes are being verified"))?;
        let permit = place.map_err(PortFailure::unavailable)?;
        let (ring, queue, cost) = (self.ring.get(), self.verifications.clone(), self.cost);
        Ok(Box::new(Reserved { permit, ring, queue, cost }))
    }
}

/// A place, and what it takes to use it.
struct Reserved {
    permit: OwnedSemaphorePermit,
    ring: Arc<KeyRing>,
    queue: Arc<Queue>,
    /// The cost of a stand-in.
    cost: Cost,
}

#[async_trait]
impl ReservedVerification for Reserved {
    async fn verify(
        self: Box<Self>,
        code: BackupCode,
        stored: StoredBackupCode,
    ) -> Result<bool, PortFailure> {
        let Self { permit, ring, queue, cost } = *self;
        let expected = expected(&ring, &stored);
        // Whatever is expected, one bcrypt is computed, so the time tells nothing.
        let (pepper, digest) = match &expected {
            Ok((pepper, digest)) => (*pepper, digest.as_ref()),
            Err(_) => (ring.primary_pepper().1, None),
        };
        let (cost, salt) = digest.map_or((cost, STAND_IN), |digest| (digest.cost(), digest.salt()));
        let input = HashInput::Prehash(Prehash::of(pepper, &stored.place, &code)?);
        let job = HashJob { input, salt, permit: Some(Arc::new(permit)) };
        let progress = queue.push(cost, vec![job]).map_err(PortFailure::unavailable)?;
        let computed = collect(progress, 1).await?;
        let (_, digest) = expected?;
        // Digests are compared in constant time.
        Ok(digest.is_some_and(|digest| computed.contains(&digest)))
    }

    async fn find(
        self: Box<Self>,
        code: TypedBackupCode,
        stored: ImportedBackupCodes,
    ) -> Result<Option<ImportedCodeNumber>, PortFailure> {
        imported::find(&self.queue, self.permit, code, stored).await
    }
}

/// The pepper of the set, and the digest of a slot that is not used.
fn expected<'a>(
    ring: &'a KeyRing,
    stored: &StoredBackupCode,
) -> Result<(&'a Pepper, Option<Digest>), PortFailure> {
    let pepper = ring.pepper(stored.pepper).ok_or(PepperMissing(stored.pepper));
    let pepper = pepper.map_err(PortFailure::unavailable)?;
    // A `BackupCodeHash` has no cost that is dangerous.
    let parse = |text| Digest::parse(text, Cost::MIN..=Cost::MAX);
    let digest = stored.hash.as_ref().map(|hash| parse(hash.as_str())).transpose();
    Ok((pepper, digest.map_err(PortFailure::corrupt)?))
}
