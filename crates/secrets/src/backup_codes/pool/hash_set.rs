//! Whole sets, for a set-up.

use async_trait::async_trait;
use countersign_bcrypt_lanes::{Digest, Salt};
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::backup_code::{
    BackupCodeHash, BackupCodePlace, BackupCodeSet, CODES_PER_SET, HashedBackupCodes, NotABackupCodeHash,
};
use countersign_domain::two_factor::ports::CodeHasher;
use tokio::time::timeout;

use super::{BcryptPool, collect};
use crate::backup_codes::bcrypt_hash::HashJob;
use crate::backup_codes::hash_input::HashInput;
use crate::backup_codes::prehash::Prehash;
use crate::key_ring::Pepper;

#[async_trait]
impl CodeHasher for BcryptPool {
    async fn hash_set(
        &self,
        place: BackupCodePlace,
        codes: BackupCodeSet,
    ) -> Result<(BackupCodeSet, HashedBackupCodes), PortFailure> {
        // Another ring may be in force when the hashes are done.
        let ring = self.ring.get();
        let (pepper, key) = ring.primary_pepper();
        let jobs = self.jobs(key, &place, &codes)?;
        let mut progress = self.sets.push(self.cost, jobs).map_err(PortFailure::unavailable)?;
        // Only the wait is limited: what is begun is worth finishing, and takes no longer than ten hashes.
        let begun = timeout(self.max_wait, progress.recv()).await;
        begun.map_err(|_| PortFailure::unavailable("backup codes waited too long to be hashed"))?;
        let digests = collect(progress, CODES_PER_SET).await?;
        let hashes = digests.iter().map(stored_form).collect::<Result<Vec<_>, _>>();
        let hashes = hashes.map_err(PortFailure::other)?.try_into();
        let hashes = hashes.map_err(|_| PortFailure::other("a hash is missing"))?;
        Ok((codes, HashedBackupCodes { set: place.set, pepper, hashes }))
    }
}

impl BcryptPool {
    fn jobs(
        &self,
        pepper: &Pepper,
        place: &BackupCodePlace,
        codes: &BackupCodeSet,
    ) -> Result<Vec<HashJob>, PortFailure> {
        let job = |code| {
            let mut salt = [0; 16];
            self.entropy.fill(&mut salt)?;
            let input = HashInput::Prehash(Prehash::of(pepper, place, code)?);
            Ok(HashJob { input, salt: Salt(salt), permit: None })
        };
        codes.0.iter().map(job).collect()
    }
}

/// An ordinary `$2b$` string, which any bcrypt library verifies.
fn stored_form(digest: &Digest) -> Result<BackupCodeHash, NotABackupCodeHash> {
    BackupCodeHash::new(digest.to_string_2b())
}
