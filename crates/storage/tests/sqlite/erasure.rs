//! What is removed is gone from the files, too.

use std::time::Duration;

use countersign_domain::idempotency::call::NamedCall;
use countersign_domain::idempotency::ports::{CallClaimed, IdempotencyStore, KeptAnswer};
use countersign_domain::identity::Subject;
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::ports::{FactorStore, SetupClaimed};
use countersign_domain::two_factor::secret::SealedSecret;
use countersign_storage::Database;
use countersign_testkit::arrange;
use countersign_testkit::build::{self, NOW};

use crate::support::{Files, count};

const CANARY: &[u8] = b"canary-4d1f0b7c-sealed-secret";

fn holds_canary(files: &Files) -> bool {
    files.bytes().windows(CANARY.len()).any(|window| window == CANARY)
}

/// Stores a pending factor whose sealed secret is the canary, often enough that a smaller row in its place would leave
/// some of it.
async fn store_canary(factors: &dyn FactorStore, subject: &Subject) {
    let claim = build::setup_claim(subject, NOW);
    let mut setup = build::pending_setup(subject, claim.id, NOW);
    setup.factor.binding.secret = SealedSecret { key: KeyId(1), bytes: CANARY.repeat(20) };
    let _ = arrange::stored(factors, claim, setup).await;
}

#[tokio::test]
async fn a_purged_secret_is_in_no_file() {
    let files = Files::migrated();
    let database = files.open();
    store_canary(&database, &build::subject("alice")).await;
    let later = NOW.saturating_add(Duration::from_hours(1));
    drop(database);
    assert!(holds_canary(&files), "the canary is found while it is stored");
    let database = files.open();
    assert_eq!(database.purge_expired(later, 10).await.unwrap(), 1);
    drop(database);
    assert!(!holds_canary(&files));
}

#[tokio::test]
async fn a_replaced_secret_is_in_no_file() {
    let files = Files::migrated();
    let database = files.open();
    store_canary(&database, &build::subject("alice")).await;
    let _ = arrange::pending(&database, &build::subject("alice"), NOW).await;
    drop(database);
    assert!(!holds_canary(&files));
}

/// Keeps an answer that is the canary and shows secrets of `alice`.
async fn keep_canary(database: &Database) {
    let alice = build::subject("alice");
    let call = NamedCall { secrets_of: Some(alice.user.clone()), ..build::named_call(&alice, "one") };
    let claim = build::call_claim(&call, NOW);
    assert_eq!(database.claim_call(claim.clone()).await.unwrap(), CallClaimed::Won);
    let answer = SealedSecret { key: KeyId(1), bytes: CANARY.repeat(2_000) };
    assert!(database.keep_answer(KeptAnswer { answer, ..build::kept_answer(&claim) }).await.unwrap());
}

#[tokio::test]
async fn a_wiped_and_a_purged_answer_are_in_no_file() {
    for wiped in [true, false] {
        let files = Files::migrated();
        let database = files.open();
        keep_canary(&database).await;
        drop(database);
        assert!(holds_canary(&files), "the canary is found while it is kept");
        let database = files.open();
        if wiped {
            let _ = arrange::pending(&database, &build::subject("alice"), NOW).await;
        } else {
            let later = NOW.saturating_add(Duration::from_mins(10));
            assert_eq!(database.purge_calls(later, 10).await.unwrap(), 1);
        }
        drop(database);
        assert!(!holds_canary(&files));
    }
}

#[tokio::test]
async fn counts_of_set_ups_go_when_their_window_is_over() {
    let files = Files::migrated();
    let database = files.open();
    let claim = build::setup_claim(&build::subject("alice"), NOW);
    let over = NOW.saturating_add(claim.window);
    assert_eq!(database.claim_setup(claim).await.unwrap(), SetupClaimed::Won);
    let just_before = over.saturating_sub(Duration::from_micros(1));
    for (now, left) in [(just_before, 1), (over, 0)] {
        assert_eq!(database.purge_expired(now, 10).await.unwrap(), 0);
        assert_eq!(count(&mut files.sql(), "setup_claims"), left);
    }
}
