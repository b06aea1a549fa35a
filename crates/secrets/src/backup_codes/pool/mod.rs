//! The threads that hash.

mod hash_set;
mod imported;
mod options;
mod verification;

use std::collections::BTreeMap;
use std::io;
use std::iter;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use countersign_bcrypt_lanes::{Cost, Digest, FASTEST_LANES, hash_all};
use countersign_domain::entropy::Entropy;
use countersign_domain::failure::PortFailure;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;

pub use self::options::BcryptPoolOptions;
use super::bcrypt_hash::{self, HashJob, NotHashed};
use super::priority::{self, Urgency};
use super::self_check;
use super::work_queue::{Progress, QueueLimits, WorkQueue};
use crate::CurrentKeyRing;

/// What a thread does with a batch.
type Computation = dyn Fn(Cost, &[&HashJob]) -> Result<Vec<Digest>, NotHashed> + Send + Sync;
/// What becomes of a job.
type Outcome = Result<Digest, NotHashed>;
type Queue = WorkQueue<HashJob, Outcome>;

/// Hashes and verifies backup codes with bcrypt on dedicated threads of low priority.
///
/// The ten hashes of a set are ten jobs over all threads, one set after the other; each thread interleaves
/// what it takes. A set is refused as a whole before anything of it is hashed: when too many wait, or when it
/// has waited too long. A set whose caller has gone is not begun, and of one that is under way no further
/// hash is. Dropping the pool refuses what waits, and returns when its threads have ended, each after the
/// batch that it is at.
///
/// Verifications have threads of their own, which the system prefers to those of sets: they wait for other
/// verifications only. A verification needs a place first; places are bounded, and a place is free again when its
/// computation has ended, whatever becomes of the call. A verification whose caller has gone is not begun.
///
/// `hash_set` and `reserve` need a tokio runtime with its timer.
pub struct BcryptPool {
    ring: Arc<CurrentKeyRing>,
    entropy: Arc<dyn Entropy>,
    cost: Cost,
    max_wait: Duration,
    places: Arc<Semaphore>,
    sets: Arc<Queue>,
    verifications: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl BcryptPool {
    /// Starts the threads. Hashes stand behind the primary pepper of `ring`, salts come from `entropy`.
    ///
    /// It takes some milliseconds, in which the interleaved computation is compared with the `bcrypt` crate;
    /// it fails when they do not agree, or when the system gives no thread.
    pub fn start(
        ring: Arc<CurrentKeyRing>,
        entropy: Arc<dyn Entropy>,
        options: BcryptPoolOptions,
    ) -> io::Result<Self> {
        self_check::run(hash_all).map_err(io::Error::other)?;
        Self::start_with(ring, entropy, options, &(Arc::new(bcrypt_hash::compute) as Arc<Computation>))
    }

    fn start_with(
        ring: Arc<CurrentKeyRing>,
        entropy: Arc<dyn Entropy>,
        options: BcryptPoolOptions,
        computation: &Arc<Computation>,
    ) -> io::Result<Self> {
        let BcryptPoolOptions { threads, cost, max_waiting_sets, max_verifications, max_wait } = options;
        let cost = Cost::new(cost.number()).map_err(io::Error::other)?;
        let batch = NonZeroUsize::new(FASTEST_LANES).unwrap_or(NonZeroUsize::MIN);
        let queue = |waiting_sets| Arc::new(Queue::new(QueueLimits { waiting_sets, batch }));
        let places = Arc::new(Semaphore::new(max_verifications.get().min(Semaphore::MAX_PERMITS)));
        let mut pool = Self {
            ring,
            entropy,
            cost,
            max_wait,
            places,
            sets: queue(max_waiting_sets),
            // Their places bound how many wait.
            verifications: queue(NonZeroUsize::MAX),
            threads: Vec::new(),
        };
        // When a thread cannot be started, dropping the pool ends those before it.
        for number in 0..threads.get() {
            for urgency in [Urgency::Set, Urgency::Verification] {
                pool.threads.push(pool.thread(number, urgency, computation.clone())?);
            }
        }
        Ok(pool)
    }

    fn thread(
        &self,
        number: usize,
        urgency: Urgency,
        computation: Arc<Computation>,
    ) -> io::Result<JoinHandle<()>> {
        let (name, queue) = match urgency {
            Urgency::Set => ("hash-set", self.sets.clone()),
            Urgency::Verification => ("hash-code", self.verifications.clone()),
        };
        let work = move || {
            priority::lower(urgency);
            work(&queue, &*computation);
        };
        thread::Builder::new().name(format!("{name}-{number}")).spawn(work)
    }
}

impl Drop for BcryptPool {
    fn drop(&mut self) {
        self.sets.stop();
        self.verifications.stop();
        for thread in self.threads.drain(..) {
            // A thread catches the panics of its jobs, so there is none to pass on.
            let _ = thread.join();
        }
    }
}

/// The life of a thread.
fn work(queue: &Queue, computation: &Computation) {
    while let Some(batch) = queue.next() {
        // A job is not used again after a panic, so nothing half-done is seen.
        let computed = catch_unwind(AssertUnwindSafe(|| computation(batch.cost(), &batch.jobs())));
        match computed.unwrap_or(Err(NotHashed::Panicked)) {
            Ok(digests) => batch.done(digests.into_iter().map(Ok)),
            Err(failure) => batch.done(iter::repeat(Err(failure))),
        }
    }
}

/// Waits for the digests of `count` jobs, and puts them in order.
async fn collect(
    mut progress: UnboundedReceiver<Progress<Outcome>>,
    count: usize,
) -> Result<Vec<Digest>, PortFailure> {
    let mut digests = BTreeMap::new();
    while digests.len() < count {
        let news = progress.recv().await;
        match news.ok_or_else(|| PortFailure::unavailable("the hashing threads have ended"))? {
            Progress::Begun => {}
            Progress::Done(number, outcome) => {
                digests.insert(number, outcome.map_err(PortFailure::other)?);
            }
        }
    }
    Ok(digests.into_values().collect())
}

#[cfg(test)]
mod tests;
