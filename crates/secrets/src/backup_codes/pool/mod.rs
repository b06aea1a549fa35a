//! The threads that hash.

use std::array;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::entropy::Entropy;
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::backup_code::{
    BackupCodeHash, BackupCodePlace, BackupCodeSet, CODES_PER_SET, HashedBackupCodes,
};
use countersign_domain::two_factor::ports::CodeHasher;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::bcrypt_hash::{self, HashJob, NotHashed};
use super::cost::BcryptCost;
use super::prehash::Prehash;
use super::priority;
use super::work_queue::{Progress, WorkQueue};
use crate::KeyRing;

/// How a [`BcryptPool`] works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BcryptPoolOptions {
    /// Threads that hash; by default as many as the machine has processors.
    pub threads: NonZeroUsize,
    /// How expensive a hash is; by default 10.
    pub cost: BcryptCost,
    /// Sets that may wait until a thread begins with them; by default 64. One more is refused at once.
    pub max_waiting_sets: NonZeroUsize,
    /// How long a set may wait until a thread begins with it; by default one second. Then it is refused.
    pub max_wait: Duration,
}

impl Default for BcryptPoolOptions {
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            cost: BcryptCost::default(),
            max_waiting_sets: NonZeroUsize::MIN.saturating_add(63),
            max_wait: Duration::from_secs(1),
        }
    }
}

/// What a thread does with a job.
type Computation = dyn Fn(&HashJob) -> Result<BackupCodeHash, NotHashed> + Send + Sync;
/// How it ends; `Err` when the computation panicked.
type Outcome = Result<Result<BackupCodeHash, NotHashed>, Panicked>;
type Queue = WorkQueue<HashJob, Outcome>;

/// The computation panicked. Its thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the computation of a hash panicked")]
struct Panicked;

/// Hashes backup codes with bcrypt on dedicated threads of low priority.
///
/// The ten hashes of a set are ten jobs over all threads, one set after the other. A set is refused as a whole
/// before anything of it is hashed: when too many wait, or when it has waited too long. A set whose caller has gone is
/// not begun, and of one that is under way no further hash is. Dropping the pool refuses what waits, and returns when
/// its threads have ended, each after the hash that it is at.
///
/// `hash_set` needs a tokio runtime with its timer.
pub struct BcryptPool {
    ring: Arc<KeyRing>,
    entropy: Arc<dyn Entropy>,
    cost: BcryptCost,
    max_wait: Duration,
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl BcryptPool {
    /// Starts the threads. Hashes stand behind the primary pepper of `ring`, salts come from `entropy`.
    pub fn start(
        ring: Arc<KeyRing>,
        entropy: Arc<dyn Entropy>,
        options: BcryptPoolOptions,
    ) -> io::Result<Self> {
        Self::start_with(ring, entropy, options, &(Arc::new(bcrypt_hash::compute) as Arc<Computation>))
    }

    fn start_with(
        ring: Arc<KeyRing>,
        entropy: Arc<dyn Entropy>,
        options: BcryptPoolOptions,
        computation: &Arc<Computation>,
    ) -> io::Result<Self> {
        let BcryptPoolOptions { threads, cost, max_waiting_sets, max_wait } = options;
        let queue = Arc::new(Queue::new(max_waiting_sets));
        let mut pool = Self { ring, entropy, cost, max_wait, queue, threads: Vec::new() };
        for number in 0..threads.get() {
            let (queue, computation) = (pool.queue.clone(), computation.clone());
            let thread = thread::Builder::new().name(format!("bcrypt-{number}"));
            // When one cannot be started, dropping the pool ends those before it.
            pool.threads.push(thread.spawn(move || work(&queue, &*computation))?);
        }
        Ok(pool)
    }

    fn jobs(&self, place: &BackupCodePlace, codes: &BackupCodeSet) -> Result<Vec<HashJob>, PortFailure> {
        let (_, pepper) = self.ring.primary_pepper();
        let job = |code| {
            let mut salt = [0; 16];
            self.entropy.fill(&mut salt)?;
            Ok(HashJob { prehash: Prehash::of(pepper, place, code)?, salt, cost: self.cost })
        };
        codes.0.iter().map(job).collect()
    }
}

#[async_trait]
impl CodeHasher for BcryptPool {
    async fn hash_set(
        &self,
        place: BackupCodePlace,
        codes: BackupCodeSet,
    ) -> Result<(BackupCodeSet, HashedBackupCodes), PortFailure> {
        let jobs = self.jobs(&place, &codes)?;
        let mut progress = self.queue.push(jobs).map_err(PortFailure::unavailable)?;
        // Only the wait is limited: what is begun is worth finishing, and takes no longer than ten hashes.
        let begun = timeout(self.max_wait, progress.recv()).await;
        begun.map_err(|_| PortFailure::unavailable("backup codes waited too long to be hashed"))?;
        let hashes = collect(progress).await?;
        let (pepper, _) = self.ring.primary_pepper();
        Ok((codes, HashedBackupCodes { set: place.set, pepper, hashes }))
    }
}

impl Drop for BcryptPool {
    fn drop(&mut self) {
        self.queue.stop();
        for thread in self.threads.drain(..) {
            // A thread catches the panics of its jobs, so there is none to pass on.
            let _ = thread.join();
        }
    }
}

/// The life of a thread.
fn work(queue: &Queue, computation: &Computation) {
    priority::lower();
    while let Some(task) = queue.next() {
        // A job is not used again after a panic, so nothing half-done is seen.
        let outcome = catch_unwind(AssertUnwindSafe(|| computation(&task.job)));
        task.done(outcome.map_err(|_| Panicked));
    }
}

/// Waits for all hashes of a set that is begun.
async fn collect(
    mut progress: UnboundedReceiver<Progress<Outcome>>,
) -> Result<[BackupCodeHash; CODES_PER_SET], PortFailure> {
    let mut hashes: [Option<BackupCodeHash>; CODES_PER_SET] = array::from_fn(|_| None);
    while hashes.iter().any(Option::is_none) {
        let news = progress.recv().await;
        match news.ok_or_else(|| PortFailure::unavailable("the hashing threads have ended"))? {
            Progress::Begun => {}
            Progress::Done(number, outcome) => {
                let hash = outcome.map_err(PortFailure::other)?.map_err(PortFailure::other)?;
                hashes.iter_mut().skip(number).take(1).for_each(|place| *place = Some(hash.clone()));
            }
        }
    }
    let all: Option<Vec<_>> = hashes.into_iter().collect();
    all.and_then(|all| all.try_into().ok()).ok_or_else(|| PortFailure::other("a hash is missing"))
}

#[cfg(test)]
mod tests;
