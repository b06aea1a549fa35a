use std::array;
use std::collections::HashSet;
use std::error::Error;
use std::sync::Weak;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use countersign_domain::identity::{BackupSetId, Environment, OrganizationId, Subject, UserId};
use countersign_domain::two_factor::backup_code::{
    BackupCode, BackupCodeHash, BackupCodePlace, BackupCodeSet, Slot,
};
use countersign_domain::two_factor::ports::CodeHasher;
use countersign_testkit::entropy::{FailingEntropy, SeededEntropy};
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::backup_codes::prehash::Prehash;
use crate::{BcryptCost, OsEntropy};

fn ring(seed: u64) -> Arc<KeyRing> {
    Arc::new(KeyRing::generate(&SeededEntropy::new(seed)).unwrap())
}

fn options(threads: usize, max_waiting_sets: usize) -> BcryptPoolOptions {
    BcryptPoolOptions {
        threads: NonZeroUsize::new(threads).unwrap(),
        cost: BcryptCost::LOWEST,
        max_waiting_sets: NonZeroUsize::new(max_waiting_sets).unwrap(),
        // Longer than any test takes on a busy machine; the test of the deadline has its own.
        max_wait: Duration::from_hours(1),
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

fn pool_with(options: BcryptPoolOptions, computation: &Arc<Computation>) -> BcryptPool {
    BcryptPool::start_with(ring(1), Arc::new(OsEntropy), options, computation).unwrap()
}

/// Whether `code` at `place` has the hash in `slot`.
fn verifies(ring: &KeyRing, place: &BackupCodePlace, code: &BackupCode, hash: &BackupCodeHash) -> bool {
    let prehash = Prehash::of(ring.primary_pepper().1, place, code).unwrap();
    bcrypt::non_truncating_verify(prehash.as_bytes(), hash.as_str()).unwrap()
}

fn cause(failure: &PortFailure) -> String {
    failure.source().unwrap().to_string()
}

/// A computation that tells when it is entered and then waits to be let go.
struct Gate {
    entered: mpsc::Receiver<()>,
    release: mpsc::Sender<()>,
    count: Arc<AtomicUsize>,
}

impl Gate {
    fn new() -> (Self, Arc<Computation>) {
        let (enter, entered) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = std::sync::Mutex::new(released);
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let computation: Arc<Computation> = Arc::new(move |cost, jobs: &[&HashJob]| {
            counted.fetch_add(jobs.len(), Ordering::SeqCst);
            enter.send(()).unwrap();
            // Let go for good when the sender is dropped.
            let _ = released.lock().unwrap().recv();
            bcrypt_hash::compute(cost, jobs)
        });
        (Self { entered, release, count }, computation)
    }
}

#[tokio::test]
async fn a_set_becomes_ten_ordinary_bcrypt_strings_that_verify_in_their_place_only() {
    let ring = ring(1);
    let pool = BcryptPool::start(ring.clone(), Arc::new(OsEntropy), options(2, 1)).unwrap();
    let (codes, hashed) = pool.hash_set(place("alice", 1), codes()).await.unwrap();

    assert_eq!((hashed.set, hashed.pepper), (place("alice", 1).set, ring.primary_pepper().0));
    for (slot, (code, hash)) in codes.0.iter().zip(&hashed.hashes).enumerate() {
        assert_eq!(usize::from(code.slot().number()), slot);
        assert!(hash.as_str().starts_with("$2b$04$"));
        assert!(verifies(&ring, &place("alice", 1), code, hash));
        assert!(!verifies(&ring, &place("bob", 1), code, hash));
        assert!(!verifies(&ring, &place("alice", 2), code, hash));
        assert!(!verifies(&self::ring(2), &place("alice", 1), code, hash), "another pepper");
    }
    let [first, second, ..] = &codes.0;
    assert!(!verifies(&ring, &place("alice", 1), second, &hashed.hashes[0]), "another code");
    assert!(!verifies(&ring, &place("alice", 1), first, &hashed.hashes[1]), "another slot");
}

#[tokio::test]
async fn the_same_secret_in_another_slot_does_not_verify() {
    let ring = ring(1);
    let pool = BcryptPool::start(ring.clone(), Arc::new(OsEntropy), options(2, 1)).unwrap();
    // Every code of this set has the same secret symbols.
    let twins = BackupCodeSet(array::from_fn(|slot| {
        BackupCode::generate(Slot::new(u8::try_from(slot).unwrap()).unwrap(), &SeededEntropy::new(7)).unwrap()
    }));
    let (codes, hashed) = pool.hash_set(place("alice", 1), twins).await.unwrap();
    assert_eq!(*codes.0[0].secret(), *codes.0[1].secret());
    assert!(verifies(&ring, &place("alice", 1), &codes.0[0], &hashed.hashes[0]));
    assert!(!verifies(&ring, &place("alice", 1), &codes.0[0], &hashed.hashes[1]));
}

#[tokio::test]
async fn every_hash_has_a_salt_of_its_own() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(2, 1)).unwrap();
    let (_, hashed) = pool.hash_set(place("alice", 1), codes()).await.unwrap();
    let salts: HashSet<_> = hashed.hashes.iter().map(|hash| hash.as_str()[7..29].to_owned()).collect();
    assert_eq!(salts.len(), 10);
}

#[tokio::test]
async fn a_set_costs_exactly_ten_bcrypts_of_distinct_inputs() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let recorded = seen.clone();
    let computation: Arc<Computation> = Arc::new(move |cost, jobs: &[&HashJob]| {
        recorded.lock().unwrap().extend(jobs.iter().map(|job| job.prehash.as_bytes().to_vec()));
        bcrypt_hash::compute(cost, jobs)
    });
    let pool = pool_with(options(2, 1), &computation);
    pool.hash_set(place("alice", 1), codes()).await.unwrap();
    let inputs = seen.lock().unwrap().clone();
    assert_eq!(inputs.len(), 10);
    assert!(inputs.iter().all(|input| input.len() == 64));
    assert_eq!(inputs.iter().collect::<HashSet<_>>().len(), 10);
}

#[tokio::test]
async fn many_sets_at_once_are_all_hashed() {
    let pool = Arc::new(BcryptPool::start(ring(1), Arc::new(OsEntropy), options(2, 32)).unwrap());
    let sets: Vec<_> = (0..32)
        .map(|set| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.hash_set(place("alice", set), codes()).await.unwrap() })
        })
        .collect();
    for (set, hashing) in (0..).zip(sets) {
        let (codes, hashed) = hashing.await.unwrap();
        assert!(verifies(&pool.ring, &place("alice", set), &codes.0[9], &hashed.hashes[9]));
    }
}

#[tokio::test]
async fn one_set_on_two_threads_is_two_batches_of_five() {
    // Each of the two threads is held until the other one has a batch of the set, too.
    let together = std::sync::Barrier::new(2);
    let sizes = Arc::new(std::sync::Mutex::new(Vec::new()));
    let recorded = sizes.clone();
    let computation: Arc<Computation> = Arc::new(move |cost, jobs: &[&HashJob]| {
        recorded.lock().unwrap().push(jobs.len());
        together.wait();
        bcrypt_hash::compute(cost, jobs)
    });
    let pool = pool_with(options(2, 1), &computation);
    assert!(pool.hash_set(place("alice", 1), codes()).await.is_ok());
    assert_eq!(*sizes.lock().unwrap(), [5, 5]);
}

#[tokio::test]
async fn sets_that_wait_fill_a_batch_together() {
    let (gate, computation) = Gate::new();
    let sizes = Arc::new(std::sync::Mutex::new(Vec::new()));
    let recorded = sizes.clone();
    let recording: Arc<Computation> = Arc::new(move |cost, jobs: &[&HashJob]| {
        recorded.lock().unwrap().push(jobs.len());
        computation(cost, jobs)
    });
    let pool = Arc::new(pool_with(options(1, 8), &recording));
    let spawn = |set| {
        let pool = pool.clone();
        tokio::spawn(async move { pool.hash_set(place("alice", set), codes()).await })
    };
    let running = spawn(1);
    tokio::task::yield_now().await;
    gate.entered.recv().unwrap();
    let waiting = [spawn(2), spawn(3), spawn(4)];
    tokio::task::yield_now().await;
    drop(gate.release);
    for set in waiting.into_iter().chain([running]) {
        assert!(set.await.unwrap().is_ok());
    }
    // 35 hashes waited when the first batch was done.
    assert_eq!(*sizes.lock().unwrap(), [5, 6, 6, 6, 6, 6, 5]);
}

#[tokio::test]
async fn a_set_too_many_is_refused_at_once_and_nothing_of_it_is_hashed() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 1), &computation));
    let spawn = |set| {
        let pool = pool.clone();
        tokio::spawn(async move { pool.hash_set(place("alice", set), codes()).await })
    };
    let running = spawn(1);
    tokio::task::yield_now().await;
    gate.entered.recv().unwrap();
    let waiting = spawn(2);
    tokio::task::yield_now().await;

    let failure = pool.hash_set(place("alice", 3), codes()).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Unavailable(_)));
    assert_eq!(cause(&failure), "too many sets of backup codes wait to be hashed");

    drop(gate.release);
    assert!(running.await.unwrap().is_ok());
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!(gate.count.load(Ordering::SeqCst), 20);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_waits_too_long_is_refused_and_never_begun() {
    let (gate, computation) = Gate::new();
    let options = BcryptPoolOptions { max_wait: Duration::from_secs(1), ..options(1, 8) };
    let pool = Arc::new(pool_with(options, &computation));
    let running = tokio::spawn({
        let pool = pool.clone();
        async move { pool.hash_set(place("alice", 1), codes()).await }
    });
    tokio::task::yield_now().await;
    // Blocks the runtime, so that its paused clock stands still until the first set is begun.
    gate.entered.recv().unwrap();

    let begun = tokio::time::Instant::now();
    let failure = pool.hash_set(place("alice", 2), codes()).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Unavailable(_)));
    assert_eq!(begun.elapsed().as_secs(), 1);

    drop(gate.release);
    assert!(running.await.unwrap().is_ok(), "the deadline is not for a set that is begun");
    drop(pool);
    assert_eq!(gate.count.load(Ordering::SeqCst), 10);
}

#[tokio::test]
async fn the_work_of_a_caller_who_has_gone_is_not_begun() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 8), &computation));
    let spawn = |set| {
        let pool = pool.clone();
        tokio::spawn(async move { pool.hash_set(place("alice", set), codes()).await })
    };
    let running = spawn(1);
    tokio::task::yield_now().await;
    gate.entered.recv().unwrap();
    let waiting = spawn(2);
    tokio::task::yield_now().await;
    for gone in [running, waiting] {
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
    }
    drop(gate.release);
    pool.hash_set(place("alice", 3), codes()).await.unwrap();
    assert_eq!(gate.count.load(Ordering::SeqCst), 5 + 10, "the batch that was under way, and the third set");
}

#[tokio::test]
async fn a_panic_fails_its_set_and_leaves_the_thread_alive() {
    let calls = AtomicUsize::new(0);
    let computation: Arc<Computation> = Arc::new(move |cost, jobs: &[&HashJob]| {
        assert!(calls.fetch_add(1, Ordering::SeqCst) != 1, "the second batch panics");
        bcrypt_hash::compute(cost, jobs)
    });
    let pool = pool_with(options(1, 1), &computation);
    let failure = pool.hash_set(place("alice", 1), codes()).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Other(_)), "{failure:?}");
    assert!(pool.hash_set(place("alice", 2), codes()).await.is_ok());
}

#[tokio::test]
async fn without_randomness_nothing_is_hashed() {
    let pool = BcryptPool::start(ring(1), Arc::new(FailingEntropy), options(1, 1)).unwrap();
    let failure = pool.hash_set(place("alice", 1), codes()).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Unavailable(_)));
}

#[test]
fn the_threads_end_when_the_pool_is_dropped() {
    let computation: Arc<Computation> = Arc::new(bcrypt_hash::compute);
    let held: Weak<Computation> = Arc::downgrade(&computation);
    let pool = pool_with(options(3, 1), &computation);
    drop(computation);
    assert_eq!(held.strong_count(), 3, "one for each thread");
    drop(pool);
    assert_eq!(held.strong_count(), 0);
}

#[tokio::test]
async fn what_waits_when_the_threads_end_is_refused() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 8), &computation));
    let running = tokio::spawn({
        let pool = pool.clone();
        async move { pool.hash_set(place("alice", 1), codes()).await }
    });
    tokio::task::yield_now().await;
    gate.entered.recv().unwrap();
    pool.queue.stop();
    drop(gate.release);
    let failure = running.await.unwrap().unwrap_err();
    assert!(matches!(failure, PortFailure::Unavailable(_)));
    assert_eq!(cause(&failure), "the hashing threads have ended");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_bcrypt_library_can_verify_the_hashes(
        threads in 1_usize..4, cost in 4_u32..6, seed in any::<u64>(), user in "[ -~]{1,255}",
    ) {
        let options = BcryptPoolOptions { cost: BcryptCost::new(cost).unwrap(), ..options(threads, 1) };
        let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let codes = BackupCodeSet::generate(&SeededEntropy::new(seed)).unwrap();
        let (codes, hashed) = runtime.block_on(pool.hash_set(place(&user, 1), codes)).unwrap();
        for (code, hash) in codes.0.iter().zip(&hashed.hashes) {
            let begin = format!("$2b$0{cost}$");
            prop_assert!(hash.as_str().starts_with(&begin));
            prop_assert!(verifies(&pool.ring, &place(&user, 1), code, hash));
        }
    }
}
