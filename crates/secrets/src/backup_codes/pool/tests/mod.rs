mod hash_set;
mod imported;
mod verification;

use std::array;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Weak, mpsc};

use countersign_domain::identity::{BackupSetId, Environment, OrganizationId, Subject, UserId};
use countersign_domain::two_factor::backup_code::{
    BackupCode, BackupCodeHash, BackupCodePlace, BackupCodeSet, Slot,
};
use countersign_testkit::entropy::SeededEntropy;
use ulid::Ulid;

use super::*;
use crate::backup_codes::prehash::Prehash;
use crate::{BcryptCost, KeyRing, OsEntropy};

fn ring(seed: u64) -> Arc<CurrentKeyRing> {
    let ring = KeyRing::generate(&SeededEntropy::new(seed)).unwrap();
    Arc::new(CurrentKeyRing::new(ring).unwrap())
}

fn options(threads: usize, max_waiting_sets: usize) -> BcryptPoolOptions {
    BcryptPoolOptions {
        threads: NonZeroUsize::new(threads).unwrap(),
        cost: BcryptCost::LOWEST,
        max_waiting_sets: NonZeroUsize::new(max_waiting_sets).unwrap(),
        // Longer than any test takes on a busy machine; the tests of the deadline have their own.
        max_wait: Duration::from_hours(1),
        ..BcryptPoolOptions::default()
    }
}

fn place(user: &str, set: u128) -> BackupCodePlace {
    BackupCodePlace {
        subject: Subject {
            organization: OrganizationId::new(Ulid::from_parts(0, 1)),
            environment: Environment::Live,
            user: UserId::new(user).unwrap(),
        },
        set: BackupSetId::new(Ulid::from_parts(0, set)),
    }
}

fn codes() -> BackupCodeSet {
    BackupCodeSet::generate(&OsEntropy).unwrap()
}

/// A set whose codes all have the same secret symbols.
fn twins() -> BackupCodeSet {
    BackupCodeSet(array::from_fn(|slot| {
        BackupCode::generate(Slot::new(slot.try_into().unwrap()).unwrap(), &SeededEntropy::new(7)).unwrap()
    }))
}

fn pool_with(options: BcryptPoolOptions, computation: &Arc<Computation>) -> BcryptPool {
    BcryptPool::start_with(ring(1), Arc::new(OsEntropy), options, computation).unwrap()
}

fn cause(failure: &PortFailure) -> String {
    failure.source().unwrap().to_string()
}

/// The cost of a batch, and what was hashed.
type LoggedBatch = (Cost, Vec<Vec<u8>>);

/// The batches that were computed.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<LoggedBatch>>>);

impl Log {
    /// `computation`, each batch of which is logged before it is computed.
    fn of(&self, computation: Arc<Computation>) -> Arc<Computation> {
        let log = self.0.clone();
        Arc::new(move |cost, jobs: &[&HashJob]| {
            let inputs = jobs.iter().map(|job| job.input.as_bytes().to_vec()).collect();
            log.lock().unwrap().push((cost, inputs));
            computation(cost, jobs)
        })
    }

    fn batches(&self) -> Vec<Vec<Vec<u8>>> {
        self.0.lock().unwrap().iter().map(|(_, inputs)| inputs.clone()).collect()
    }

    fn sizes(&self) -> Vec<usize> {
        self.batches().iter().map(Vec::len).collect()
    }

    fn costs(&self) -> Vec<u32> {
        self.0.lock().unwrap().iter().map(|(cost, _)| cost.get()).collect()
    }

    fn hashes(&self) -> usize {
        self.sizes().iter().sum()
    }
}

/// A computation that tells when it is entered and then waits to be let go.
struct Gate {
    entered: mpsc::Receiver<()>,
    release: mpsc::Sender<()>,
    log: Log,
}

impl Gate {
    fn new() -> (Self, Arc<Computation>) {
        let (enter, entered) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let log = Log::default();
        let computation = log.of(Arc::new(move |cost, jobs: &[&HashJob]| {
            enter.send(()).unwrap();
            // Let go for good when the sender is dropped.
            let _ = released.lock().unwrap().recv();
            bcrypt_hash::compute(cost, jobs)
        }));
        (Self { entered, release, log }, computation)
    }
}

/// A computation whose batch with this number, counted from 0, panics.
fn panicking_at(number: usize) -> Arc<Computation> {
    let calls = AtomicUsize::new(0);
    Arc::new(move |cost, jobs: &[&HashJob]| {
        assert!(calls.fetch_add(1, Ordering::SeqCst) != number, "this batch panics");
        bcrypt_hash::compute(cost, jobs)
    })
}

#[test]
fn the_threads_end_when_the_pool_is_dropped() {
    let computation: Arc<Computation> = Arc::new(bcrypt_hash::compute);
    let held: Weak<Computation> = Arc::downgrade(&computation);
    let pool = pool_with(options(3, 1), &computation);
    drop(computation);
    assert_eq!(held.strong_count(), 6, "one for each thread");
    drop(pool);
    assert_eq!(held.strong_count(), 0);
}
