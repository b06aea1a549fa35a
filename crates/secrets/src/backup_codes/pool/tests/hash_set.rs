use std::collections::HashSet;
use std::sync::Barrier;

use countersign_domain::two_factor::backup_code::HashedBackupCodes;
use countersign_domain::two_factor::ports::CodeHasher;
use countersign_testkit::entropy::FailingEntropy;
use proptest::prelude::*;
use tokio::task::{JoinHandle, yield_now};

use super::*;

type Hashed = Result<(BackupCodeSet, HashedBackupCodes), PortFailure>;

/// Whether `code` at `place` has the hash, as another library sees it.
fn verifies(
    ring: &CurrentKeyRing,
    place: &BackupCodePlace,
    code: &BackupCode,
    hash: &BackupCodeHash,
) -> bool {
    let prehash = Prehash::of(ring.get().primary_pepper().1, place, code).unwrap();
    bcrypt::non_truncating_verify(prehash.as_bytes(), hash.as_str()).unwrap()
}

/// Begins to hash a set of alice's.
fn spawn(pool: &Arc<BcryptPool>, set: u128) -> JoinHandle<Hashed> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.hash_set(place("alice", set), codes()).await })
}

#[tokio::test]
async fn a_set_becomes_ten_ordinary_bcrypt_strings_that_verify_in_their_place_only() {
    let ring = ring(1);
    let pool = BcryptPool::start(ring.clone(), Arc::new(OsEntropy), options(2, 1)).unwrap();
    let (codes, hashed) = pool.hash_set(place("alice", 1), codes()).await.unwrap();

    assert_eq!((hashed.set, hashed.pepper), (place("alice", 1).set, ring.get().primary_pepper().0));
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
    let (codes, hashed) = pool.hash_set(place("alice", 1), twins()).await.unwrap();
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
    let log = Log::default();
    let pool = pool_with(options(2, 1), &log.of(Arc::new(bcrypt_hash::compute)));
    pool.hash_set(place("alice", 1), codes()).await.unwrap();
    let inputs = log.batches().concat();
    assert_eq!(inputs.len(), 10);
    assert!(inputs.iter().all(|input| input.len() == 64));
    assert_eq!(inputs.iter().collect::<HashSet<_>>().len(), 10);
}

#[tokio::test]
async fn many_sets_at_once_are_all_hashed() {
    let pool = Arc::new(BcryptPool::start(ring(1), Arc::new(OsEntropy), options(2, 32)).unwrap());
    let sets: Vec<_> = (0..32).map(|set| spawn(&pool, set)).collect();
    for (set, hashing) in (0..).zip(sets) {
        let (codes, hashed) = hashing.await.unwrap().unwrap();
        assert!(verifies(&pool.ring, &place("alice", set), &codes.0[9], &hashed.hashes[9]));
    }
}

#[tokio::test]
async fn one_set_on_two_threads_is_two_batches_of_five() {
    // Each of the two threads is held until the other one has a batch of the set, too.
    let together = Barrier::new(2);
    let log = Log::default();
    let computation = log.of(Arc::new(move |cost, jobs: &[&HashJob]| {
        together.wait();
        bcrypt_hash::compute(cost, jobs)
    }));
    let pool = pool_with(options(2, 1), &computation);
    assert!(pool.hash_set(place("alice", 1), codes()).await.is_ok());
    assert_eq!(log.sizes(), [5, 5]);
}

#[tokio::test]
async fn sets_that_wait_fill_a_batch_together() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 8), &computation));
    let running = spawn(&pool, 1);
    yield_now().await;
    gate.entered.recv().unwrap();
    let waiting = [spawn(&pool, 2), spawn(&pool, 3), spawn(&pool, 4)];
    yield_now().await;
    drop(gate.release);
    for set in waiting.into_iter().chain([running]) {
        assert!(set.await.unwrap().is_ok());
    }
    // 35 hashes waited when the first batch was done.
    assert_eq!(gate.log.sizes(), [5, 6, 6, 6, 6, 6, 5]);
}

#[tokio::test]
async fn a_set_too_many_is_refused_at_once_and_nothing_of_it_is_hashed() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 1), &computation));
    let running = spawn(&pool, 1);
    yield_now().await;
    gate.entered.recv().unwrap();
    let waiting = spawn(&pool, 2);
    yield_now().await;

    let failure = pool.hash_set(place("alice", 3), codes()).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Unavailable(_)));
    assert_eq!(cause(&failure), "too many sets of backup codes wait to be hashed");

    drop(gate.release);
    assert!(running.await.unwrap().is_ok());
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!(gate.log.hashes(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_waits_too_long_is_refused_and_never_begun() {
    let (gate, computation) = Gate::new();
    let options = BcryptPoolOptions { max_wait: Duration::from_secs(1), ..options(1, 8) };
    let pool = Arc::new(pool_with(options, &computation));
    let running = spawn(&pool, 1);
    yield_now().await;
    // Blocks the runtime, so that its paused clock stands still until the first set is begun.
    gate.entered.recv().unwrap();

    let begun = tokio::time::Instant::now();
    let failure = pool.hash_set(place("alice", 2), codes()).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Unavailable(_)));
    assert_eq!(begun.elapsed().as_secs(), 1);

    drop(gate.release);
    assert!(running.await.unwrap().is_ok(), "the deadline is not for a set that is begun");
    drop(pool);
    assert_eq!(gate.log.hashes(), 10);
}

#[tokio::test]
async fn the_work_of_a_caller_who_has_gone_is_not_begun() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 8), &computation));
    let running = spawn(&pool, 1);
    yield_now().await;
    gate.entered.recv().unwrap();
    let waiting = spawn(&pool, 2);
    yield_now().await;
    for gone in [running, waiting] {
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
    }
    drop(gate.release);
    pool.hash_set(place("alice", 3), codes()).await.unwrap();
    assert_eq!(gate.log.hashes(), 5 + 10, "the batch that was under way, and the third set");
}

#[tokio::test]
async fn a_panic_fails_its_set_and_leaves_the_thread_alive() {
    let pool = pool_with(options(1, 1), &panicking_at(1));
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

#[tokio::test]
async fn what_waits_when_the_threads_end_is_refused() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 8), &computation));
    let running = spawn(&pool, 1);
    yield_now().await;
    gate.entered.recv().unwrap();
    pool.sets.stop();
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
