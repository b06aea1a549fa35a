use countersign_domain::identity::FactorId;
use countersign_domain::two_factor::imported_code::{ImportedCodeHashes, ImportedCodeNumber};
use countersign_domain::two_factor::lockout::AttemptCounter;
use countersign_domain::two_factor::presented_code::TypedBackupCode;
use countersign_domain::two_factor::proof_ports::{CodeVerifier, ImportedBackupCode, ImportedBackupCodes};
use proptest::prelude::*;
use tokio::task::yield_now;

use super::*;

/// The hash of `code`, as another library makes it.
fn hash(code: &str, version: &str, cost: u32) -> BackupCodeHash {
    let hash = bcrypt::hash(code, cost).unwrap();
    BackupCodeHash::new(format!("${version}{}", &hash[3..])).unwrap()
}

fn stored(hashes: Vec<BackupCodeHash>) -> ImportedBackupCodes {
    let code = |(number, hash)| ImportedBackupCode {
        number: ImportedCodeNumber::new(number).unwrap(),
        hash,
        is_used: false,
    };
    ImportedBackupCodes {
        factor: FactorId::new(Ulid::nil()),
        codes: (0..).zip(hashes).map(code).collect(),
        attempts: AttemptCounter::default(),
    }
}

async fn find(pool: &BcryptPool, text: &str, stored: &ImportedBackupCodes) -> Option<u8> {
    let code = TypedBackupCode::parse(text).unwrap();
    let found = pool.reserve().await.unwrap().find(code, stored.clone()).await.unwrap();
    found.map(ImportedCodeNumber::number)
}

#[tokio::test]
async fn every_code_of_another_system_is_found_by_its_own_text() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(2, 1)).unwrap();
    let long = "x".repeat(64);
    let codes = ["a1b2-c3d4", "12345678", "UPPER lower", "7-1234-5678-9ABC-DEFG-Z", &long];
    let versions = ["2a", "2b", "2y", "2b", "2a"];
    let stored = stored(codes.iter().zip(versions).map(|(code, version)| hash(code, version, 4)).collect());
    for (number, code) in (0..).zip(codes) {
        assert_eq!(find(&pool, code, &stored).await, Some(number), "{code}");
    }
    for other in ["a1b2c3d4", "A1B2-C3D4", "upper lower", &long[1..], "7-1234-5678-9ABC-DEFG-0"] {
        assert_eq!(find(&pool, other, &stored).await, None, "{other}");
    }
}

#[tokio::test]
async fn every_outcome_costs_one_bcrypt_for_each_hash() {
    let log = Log::default();
    let pool = pool_with(options(2, 1), &log.of(Arc::new(bcrypt_hash::compute)));
    let costs = [4, 6, 4, 5, 6];
    let mut stored = stored(costs.iter().map(|cost| hash("one of them", "2y", *cost)).collect());
    stored.codes[3].hash = hash("another", "2b", 5);
    for (text, number) in [("one of them", Some(0)), ("another", Some(3)), ("none", None)] {
        let before = log.hashes();
        assert_eq!(find(&pool, text, &stored).await, number);
        assert_eq!(log.hashes() - before, 5, "{text}");
    }
    stored.codes.iter_mut().for_each(|code| code.is_used = true);
    let before = log.hashes();
    assert_eq!(find(&pool, "another", &stored).await, Some(3), "whoever claims it finds that it is used");
    assert_eq!(log.hashes() - before, 5);
    assert!(log.costs().iter().all(|cost| (4..=6).contains(cost)));
}

#[tokio::test]
async fn of_a_code_that_was_issued_twice_an_unused_one_is_found() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(1, 1)).unwrap();
    let mut stored = stored(vec![hash("twice", "2b", 5), hash("once", "2b", 4), hash("twice", "2b", 4)]);
    assert_eq!(find(&pool, "twice", &stored).await, Some(0));
    stored.codes[0].is_used = true;
    assert_eq!(find(&pool, "twice", &stored).await, Some(2));
}

#[tokio::test]
async fn hashes_of_one_cost_are_computed_together() {
    let (gate, computation) = Gate::new();
    let pool = Arc::new(pool_with(options(1, 8), &computation));
    let stored = stored((0..6).map(|_| hash("code", "2b", 4)).collect());
    let task = tokio::spawn({
        let pool = pool.clone();
        async move { find(&pool, "code", &stored).await }
    });
    yield_now().await;
    gate.entered.recv().unwrap();
    drop(gate.release);
    assert_eq!(task.await.unwrap(), Some(0));
    assert_eq!(gate.log.sizes(), [6]);
}

#[tokio::test]
async fn one_place_is_held_until_the_last_hash_is_computed() {
    let (gate, computation) = Gate::new();
    let one = BcryptPoolOptions { max_verifications: NonZeroUsize::MIN, ..options(1, 8) };
    let pool = Arc::new(pool_with(one, &computation));
    let stored = stored(vec![hash("code", "2b", 4), hash("code", "2b", 5)]);
    let task = tokio::spawn({
        let pool = pool.clone();
        async move { find(&pool, "code", &stored).await }
    });
    yield_now().await;
    for _ in 0..2 {
        gate.entered.recv().unwrap();
        assert_eq!(pool.places.available_permits(), 0);
        gate.release.send(()).unwrap();
    }
    assert_eq!(task.await.unwrap(), Some(0));
    assert_eq!(pool.places.available_permits(), 1);
}

#[tokio::test]
async fn a_damaged_hash_is_told_and_not_taken_for_a_wrong_code() {
    let pool = BcryptPool::start(ring(1), Arc::new(OsEntropy), options(1, 1)).unwrap();
    let damaged = BackupCodeHash::new(format!("$2b$04${}", "!".repeat(53))).unwrap();
    let place = pool.reserve().await.unwrap();
    let code = TypedBackupCode::parse("code").unwrap();
    let failure = place.find(code, stored(vec![hash("code", "2b", 4), damaged])).await.unwrap_err();
    assert!(matches!(failure, PortFailure::Corrupt(_)), "{failure:?}");
}

proptest! {
    #[test]
    fn whatever_is_imported_can_be_evaluated(hash in "\\$2[abxy]\\$(0[3-9]|1[0-5])\\$[./A-Za-z0-9]{21}[.Oeuab][./A-Za-z0-9]{30}[.GKOab]") {
        let costs = Cost::MIN..=Cost::new(14).unwrap();
        prop_assert_eq!(ImportedCodeHashes::parse([hash.as_str()]).is_ok(), Digest::parse(&hash, costs).is_ok());
    }
}
