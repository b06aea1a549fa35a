use std::fs;

use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::lockout::AttemptCounter;
use countersign_domain::two_factor::ports::CodeHasher;
use countersign_domain::two_factor::proof_ports::{CodeVerifier, StoredBackupCode};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, yield_now};

use super::*;

const PEPPER: KeyId = KeyId(1);

fn code(slot: u8, seed: u64) -> BackupCode {
    BackupCode::generate(Slot::new(slot).unwrap(), &SeededEntropy::new(seed)).unwrap()
}

/// The hash of `code`, as another library makes it.
fn hash(ring: &CurrentKeyRing, place: &BackupCodePlace, code: &BackupCode, cost: u32) -> BackupCodeHash {
    let prehash = Prehash::of(ring.get().primary_pepper().1, place, code).unwrap();
    BackupCodeHash::new(bcrypt::non_truncating_hash(prehash.as_bytes(), cost).unwrap()).unwrap()
}

fn stored(place: BackupCodePlace, hash: Option<BackupCodeHash>) -> StoredBackupCode {
    StoredBackupCode { place, pepper: PEPPER, hash, attempts: AttemptCounter::default() }
}

/// What is stored of alice's code with this slot and seed.
fn stored_code(slot: u8, seed: u64) -> StoredBackupCode {
    stored(place("alice", 1), Some(hash(&ring(1), &place("alice", 1), &code(slot, seed), 4)))
}

async fn verify(pool: &BcryptPool, code: BackupCode, stored: StoredBackupCode) -> Result<bool, PortFailure> {
    pool.reserve().await?.verify(code, stored).await
}

/// Begins to verify a right code.
fn spawn(pool: &Arc<BcryptPool>, slot: u8) -> JoinHandle<Result<bool, PortFailure>> {
    let pool = pool.clone();
    tokio::spawn(async move { verify(&pool, code(slot, 1), stored_code(slot, 1)).await })
}

/// Begins to hash a set.
fn spawn_set(pool: &Arc<BcryptPool>) -> JoinHandle<bool> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.hash_set(place("alice", 9), codes()).await.is_ok() })
}

fn one_place(max_wait: Duration) -> BcryptPoolOptions {
    BcryptPoolOptions { max_verifications: NonZeroUsize::MIN, max_wait, ..options(1, 8) }
}

/// What is hashed for the right code in `slot`.
fn input(slot: u8) -> Vec<u8> {
    let ring = ring(1).get();
    Prehash::of(ring.primary_pepper().1, &place("alice", 1), &code(slot, 1)).unwrap().as_bytes().to_vec()
}

#[tokio::test]
async fn a_code_of_a_hashed_set_verifies_in_its_slot_only() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(2, 1)).unwrap();
    let (codes, hashed) = pool.hash_set(place("alice", 1), twins()).await.unwrap();
    let at = |slot: usize| stored(place("alice", 1), Some(hashed.hashes[slot].clone()));
    for (slot, code) in codes.0.into_iter().enumerate() {
        // Every other code has the same secret symbols.
        let other = (slot + 1) % 10;
        let again = BackupCode::parse(&code.reveal()).unwrap();
        assert!(verify(&pool, again, at(slot)).await.unwrap());
        assert!(!verify(&pool, code, at(other)).await.unwrap());
    }
}

#[tokio::test]
async fn a_hash_verifies_in_its_own_place_only() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(2, 1)).unwrap();
    let own = place("alice", 1);
    let moved = |change: fn(&mut BackupCodePlace)| {
        let mut other = own.clone();
        change(&mut other);
        other
    };
    let others = [
        moved(|place| place.subject.organization = OrganizationId::new(Ulid::from_parts(0, 2))),
        moved(|place| place.subject.environment = Environment::Test),
        moved(|place| place.subject.user = UserId::new("Alice").unwrap()),
        moved(|place| place.set = BackupSetId::new(Ulid::from_parts(0, 2))),
    ];
    let right = hash(&ring(1), &own, &code(3, 1), 4);
    assert!(verify(&pool, code(3, 1), stored(own, Some(right.clone()))).await.unwrap());
    for other in others {
        assert!(
            !verify(&pool, code(3, 1), stored(other.clone(), Some(right.clone()))).await.unwrap(),
            "{other:?}"
        );
    }
}

#[tokio::test]
async fn another_code_and_another_key_with_the_name_of_the_pepper_do_not_verify() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(2, 1)).unwrap();
    assert!(!verify(&pool, code(3, 2), stored_code(3, 1)).await.unwrap());
    let foreign = BcryptPool::start(ring(2), Arc::new(OsEntropy), options(2, 1)).unwrap();
    assert!(!verify(&foreign, code(3, 1), stored_code(3, 1)).await.unwrap());
}

#[tokio::test]
async fn hashes_of_other_libraries_and_costs_verify() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(2, 1)).unwrap();
    for cost in [4, 5, 10] {
        let hash = hash(&ring(1), &place("alice", 1), &code(3, 1), cost);
        for version in ["$2a$", "$2b$", "$2y$"] {
            let hash = BackupCodeHash::new(format!("{version}{}", &hash.as_str()[4..])).unwrap();
            let stored = stored(place("alice", 1), Some(hash));
            assert!(verify(&pool, code(3, 1), stored.clone()).await.unwrap());
            assert!(!verify(&pool, code(3, 2), stored).await.unwrap());
        }
    }
}

#[tokio::test]
async fn codes_behind_an_older_pepper_still_verify() {
    let folder = tempfile::tempdir().unwrap();
    let (old, both) = (folder.path().join("old"), folder.path().join("both"));
    ring(1).get().save_new(&old).unwrap();
    let mut document: Value = serde_json::from_slice(&fs::read(&old).unwrap()).unwrap();
    ring(2).get().save_new(&folder.path().join("new")).unwrap();
    let new: Value = serde_json::from_slice(&fs::read(folder.path().join("new")).unwrap()).unwrap();
    document["pepper"]["primary"] = json!(2);
    let key = json!({"id": 2, "key": new["pepper"]["keys"][0]["key"]});
    document["pepper"]["keys"].as_array_mut().unwrap().push(key);
    crate::secret_file::write_new(&both, document.to_string().as_bytes()).unwrap();

    let rotated = Arc::new(CurrentKeyRing::new(KeyRing::load(&both).unwrap()).unwrap());
    assert_eq!(rotated.get().primary_pepper().0, KeyId(2));
    let pool = BcryptPool::start(rotated, Arc::new(OsEntropy), options(1, 1)).unwrap();
    assert!(verify(&pool, code(3, 1), stored_code(3, 1)).await.unwrap());
    let misnamed = StoredBackupCode { pepper: KeyId(2), ..stored_code(3, 1) };
    assert!(!verify(&pool, code(3, 1), misnamed).await.unwrap(), "only the named pepper is tried");
}

#[tokio::test]
async fn every_outcome_costs_exactly_one_bcrypt() {
    let log = Log::default();
    let options = BcryptPoolOptions { cost: BcryptCost::new(5).unwrap(), ..options(2, 1) };
    let pool = pool_with(options, &log.of(Arc::new(bcrypt_hash::compute)));

    assert!(verify(&pool, code(3, 1), stored_code(3, 1)).await.unwrap());
    assert!(!verify(&pool, code(3, 2), stored_code(3, 1)).await.unwrap());
    let used = stored(place("alice", 1), None);
    assert!(!verify(&pool, code(3, 1), used).await.unwrap());

    let unknown_pepper = StoredBackupCode { pepper: KeyId(7), ..stored_code(3, 1) };
    let failure = verify(&pool, code(3, 1), unknown_pepper).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Unavailable(_)), "{failure:?}");
    assert_eq!(cause(&failure), "pepper 7 is not configured");

    let damaged = BackupCodeHash::new(format!("$2b$04${}", "!".repeat(53))).unwrap();
    let failure = verify(&pool, code(3, 1), stored(place("alice", 1), Some(damaged))).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Corrupt(_)), "{failure:?}");

    assert_eq!(log.sizes(), [1, 1, 1, 1, 1]);
    assert_eq!(log.costs(), [4, 4, 5, 5, 5], "the stored cost, or the configured one of a stand-in");
}

#[tokio::test]
async fn a_verification_does_not_wait_for_set_ups() {
    let (gate, held) = Gate::new();
    let computation: Arc<Computation> = Arc::new(move |cost, jobs: &[&HashJob]| match jobs {
        [_] => bcrypt_hash::compute(cost, jobs),
        batch_of_a_set => held(cost, batch_of_a_set),
    });
    let pool = Arc::new(pool_with(options(1, 8), &computation));
    let sets = [spawn_set(&pool), spawn_set(&pool)];
    yield_now().await;
    gate.entered.recv().unwrap();
    assert!(spawn(&pool, 3).await.unwrap().unwrap());
    drop(gate.release);
    for set in sets {
        assert!(set.await.unwrap());
    }
}

#[tokio::test]
async fn verifications_that_wait_are_computed_together() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 8), &computation));
    let begun = spawn(&pool, 1);
    yield_now().await;
    gate.entered.recv().unwrap();
    let waiting = [spawn(&pool, 2), spawn(&pool, 3), spawn(&pool, 4)];
    yield_now().await;
    drop(gate.release);
    for verification in waiting.into_iter().chain([begun]) {
        assert!(verification.await.unwrap().unwrap());
    }
    assert_eq!(gate.log.batches(), [vec![input(1)], vec![input(2), input(3), input(4)]]);
}

#[tokio::test(start_paused = true)]
async fn without_a_place_a_verification_is_refused_after_the_longest_wait() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), one_place(Duration::from_secs(1))).unwrap();
    let held = pool.reserve().await.unwrap();
    let begun = tokio::time::Instant::now();
    let failure = pool.reserve().await.err().unwrap();
    assert!(matches!(failure, PortFailure::Unavailable(_)));
    assert_eq!(cause(&failure), "too many backup codes are being verified");
    assert_eq!(begun.elapsed().as_secs(), 1);

    drop(held);
    assert!(pool.reserve().await.is_ok(), "a place that is given up unused is free again");
}

#[tokio::test]
async fn a_caller_who_leaves_keeps_the_place_until_the_computation_ends() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(one_place(Duration::from_hours(1)), &computation));
    let verification = spawn(&pool, 3);
    yield_now().await;
    gate.entered.recv().unwrap();
    verification.abort();
    assert!(verification.await.unwrap_err().is_cancelled());
    assert_eq!(pool.places.available_permits(), 0);

    drop(gate.release);
    // Waits until the computation has ended.
    assert!(pool.reserve().await.is_ok());
    assert_eq!(gate.log.hashes(), 1);
}

#[tokio::test]
async fn a_verification_whose_caller_has_gone_is_not_begun() {
    let (gate, computation) = Gate::new();
    let two = BcryptPoolOptions { max_verifications: NonZeroUsize::new(2).unwrap(), ..options(1, 8) };
    let pool = Arc::new(pool_with(two, &computation));
    let begun = spawn(&pool, 1);
    yield_now().await;
    gate.entered.recv().unwrap();
    let gone = spawn(&pool, 3);
    yield_now().await;
    assert_eq!(pool.places.available_permits(), 0);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(gate.release);
    assert!(begun.await.unwrap().unwrap());
    // Waits until both places are free.
    assert!(pool.places.acquire_many(2).await.is_ok());
    assert_eq!(gate.log.batches(), [[input(1)]]);
}

#[tokio::test]
async fn a_panic_fails_the_verification_and_gives_the_place_back() {
    let pool = pool_with(one_place(Duration::from_hours(1)), &panicking_at(0));
    let failure = verify(&pool, code(3, 1), stored_code(3, 1)).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Other(_)), "{failure:?}");
    assert!(verify(&pool, code(3, 1), stored_code(3, 1)).await.unwrap());
}

#[tokio::test]
async fn a_verification_after_the_threads_have_ended_is_refused() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(1, 1)).unwrap();
    let place = pool.reserve().await.unwrap();
    drop(pool);
    let failure = place.verify(code(3, 1), stored_code(3, 1)).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Unavailable(_)));
    assert_eq!(cause(&failure), "the hashing threads have ended");
}
