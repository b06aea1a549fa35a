//! The computation: one bcrypt for each of several jobs, interleaved.

use std::sync::Arc;

use countersign_bcrypt_lanes::{Cost, Digest, Job, Password, Salt, hash_all};
use tokio::sync::OwnedSemaphorePermit;

use super::hash_input::HashInput;

/// One hash to be computed.
#[derive(Debug)]
pub(super) struct HashJob {
    /// What is hashed.
    pub(super) input: HashInput,
    /// Its salt: 128 random bits.
    pub(super) salt: Salt,
    /// The place of a verification. Its jobs hold it, and not the call that waits: a caller who leaves does
    /// not make room while a computation runs.
    #[expect(dead_code, reason = "it is held, and given back when the job is dropped")]
    pub(super) permit: Option<Arc<OwnedSemaphorePermit>>,
}

/// A hash is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotHashed {
    /// No input of ours is longer than bcrypt takes.
    #[error("bcrypt refused its input")]
    TooLong,
    /// The thread of the computation goes on.
    #[error("the computation of a hash panicked")]
    Panicked,
}

impl HashJob {
    fn lane(&self) -> Result<Job<'_>, NotHashed> {
        let password = Password::new(self.input.as_bytes()).map_err(|_| NotHashed::TooLong)?;
        Ok(Job { password, salt: self.salt })
    }
}

/// The digests of all jobs, in their order.
pub(super) fn compute(cost: Cost, jobs: &[&HashJob]) -> Result<Vec<Digest>, NotHashed> {
    let lanes: Vec<_> = jobs.iter().map(|job| job.lane()).collect::<Result<_, _>>()?;
    Ok(hash_all(cost, &lanes))
}
