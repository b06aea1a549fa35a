//! Storing a set-up.

use countersign_domain::identity::{FactorId, SetupClaimId};
use countersign_domain::keys::{KeyId, KeyPurpose};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::factor::{Binding, PendingFactor};
use countersign_domain::two_factor::params::{Algorithm, Digits, Parameters, Period};
use countersign_domain::two_factor::ports::{
    PendingSetup, PendingStored, SetupAttempted, SetupClaimed, SetupOutcome,
};
use countersign_domain::two_factor::secret::SealedSecret;

use super::{stored_enabled, stored_pending};
use crate::arrange::{self, SPENT_STEP};
use crate::build::{NOW, confirming_judge, fresh_ulid, pending_setup, setup_attempt, setup_claim, subject};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_subject_without_set_up_has_no_factor,
        a_pending_factor_comes_back_as_it_was_stored,
        storing_writes_one_audit_event,
        a_second_set_up_replaces_the_first_with_its_codes,
        a_set_up_without_claim_is_not_stored,
        a_claim_of_somebody_else_is_none,
        an_enabled_factor_is_not_replaced,
        nothing_is_stored_when_the_audit_event_cannot_be,
        an_expired_factor_is_found_and_can_be_replaced,
        one_of_many_that_use_the_same_claim_stores,
        only_the_holder_of_the_claim_stores,
    ]
}

/// `setup` with a secret of the sealing key `key` and hashes with the pepper `key`.
fn with_keys(key: u32, mut setup: PendingSetup) -> PendingSetup {
    setup.factor.binding.secret.key = KeyId(key);
    setup.codes.pepper = KeyId(key);
    setup
}

async fn a_subject_without_set_up_has_no_factor(stores: Stores) {
    assert_eq!(stores.find(&subject("alice")).await, None);
    assert_eq!(stores.keys_in_use().await, []);
}

async fn a_pending_factor_comes_back_as_it_was_stored(stores: Stores) {
    let parameters = |algorithm, digits, seconds| Parameters {
        algorithm,
        digits,
        period: Period::from_seconds(seconds).unwrap(),
    };
    let unusual = [
        (parameters(Algorithm::Sha1, Digits::Six, 30), KeyId(0), vec![0]),
        (parameters(Algorithm::Sha256, Digits::Seven, 15), KeyId(7), vec![0xFF; 300]),
        (parameters(Algorithm::Sha512, Digits::Eight, 60), KeyId(u32::MAX), (0..=255).collect()),
    ];
    for (number, (parameters, key, bytes)) in (0..).zip(unusual) {
        let user = subject(&format!("user {number}"));
        let claim = setup_claim(&user, NOW);
        let setup = pending_setup(&user, claim.id, NOW);
        let factor = PendingFactor {
            binding: Binding {
                secret: SealedSecret { key, bytes },
                parameters,
                id: FactorId::new(fresh_ulid()),
                subject: user.clone(),
            },
            expires_at: Timestamp::from_micros(NOW.as_micros() + 600_000_000 + number),
            ..setup.factor.clone()
        };
        let setup = PendingSetup { factor: factor.clone(), ..setup };
        let _ = arrange::stored(&*stores.factors, claim, setup).await;
        assert_eq!(stores.find(&user).await, Some(stored_pending(factor)));
    }
}

async fn storing_writes_one_audit_event(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    let trail = stores.trail_of(&alice).await;
    let rows: Vec<_> = trail.iter().map(|record| (record.id, record.name.as_str(), record.at)).collect();
    assert_eq!(rows, [(setup.audit.id, "two_factor.setup_started", NOW)]);
    assert_eq!(trail[0].user, Some(alice.user));
    assert_eq!(trail[0].environment, Some(alice.environment));
}

async fn a_second_set_up_replaces_the_first_with_its_codes(stores: Stores) {
    let alice = subject("alice");
    for key in [5, 6] {
        let claim = setup_claim(&alice, NOW);
        let setup = with_keys(key, pending_setup(&alice, claim.id, NOW));
        let setup = arrange::stored(&*stores.factors, claim, setup).await;
        assert_eq!(stores.find(&alice).await, Some(stored_pending(setup.factor)));
        let expected = [(KeyPurpose::Sealing, KeyId(key)), (KeyPurpose::Pepper, KeyId(key))];
        assert_eq!(stores.keys_in_use().await, expected);
    }
    assert_eq!(stores.events_about(&alice).await, ["two_factor.setup_started"; 2]);
}

async fn a_set_up_without_claim_is_not_stored(stores: Stores) {
    let alice = subject("alice");
    let setup = pending_setup(&alice, SetupClaimId::new(fresh_ulid()), NOW);
    assert_eq!(stores.factors.store_pending(setup.clone()).await.unwrap(), PendingStored::ClaimLost);
    assert_eq!(stores.factors.claim_setup(setup_claim(&alice, NOW)).await.unwrap(), SetupClaimed::Won);
    assert_eq!(stores.factors.store_pending(setup).await.unwrap(), PendingStored::ClaimLost);
    assert_eq!(stores.find(&alice).await, None);
    assert_eq!(stores.keys_in_use().await, []);
    assert_eq!(stores.events_about(&alice).await, [""; 0]);
}

async fn a_claim_of_somebody_else_is_none(stores: Stores) {
    let (alice, bob) = (subject("alice"), subject("bob"));
    let claim = setup_claim(&alice, NOW);
    let (of_alice, of_bob) = (pending_setup(&alice, claim.id, NOW), pending_setup(&bob, claim.id, NOW));
    assert_eq!(stores.factors.claim_setup(claim.clone()).await.unwrap(), SetupClaimed::Won);
    assert_eq!(stores.factors.store_pending(of_bob).await.unwrap(), PendingStored::ClaimLost);
    stores.factors.release_setup(&bob, claim.id).await.unwrap();
    assert_eq!(stores.factors.store_pending(of_alice).await.unwrap(), PendingStored::Stored);
    assert_eq!(stores.find(&bob).await, None);
}

async fn an_enabled_factor_is_not_replaced(stores: Stores) {
    let alice = subject("alice");
    let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
    // A second set-up is hashing while the first one is confirmed.
    let claim = setup_claim(&alice, NOW);
    let setup = with_keys(9, pending_setup(&alice, claim.id, NOW));
    assert_eq!(stores.factors.claim_setup(claim).await.unwrap(), SetupClaimed::Won);
    let judge = confirming_judge(SPENT_STEP, NOW);
    let attempted = stores.factors.attempt_setup(setup_attempt(&alice, NOW), judge).await.unwrap();
    let SetupAttempted::Judged(SetupOutcome::Confirmed(enabled)) = attempted else {
        panic!("not confirmed: {attempted:?}")
    };
    assert_eq!(stores.factors.store_pending(setup).await.unwrap(), PendingStored::AlreadyEnabled);
    assert_eq!(stores.find(&alice).await, Some(stored_enabled(enabled)));
    assert!(!stores.keys_in_use().await.contains(&(KeyPurpose::Pepper, KeyId(9))));
    let names = ["two_factor.setup_started", "two_factor.enabled"];
    assert_eq!(stores.events_about(&alice).await, names);
}

async fn nothing_is_stored_when_the_audit_event_cannot_be(stores: Stores) {
    let alice = subject("alice");
    let first = arrange::pending(&*stores.factors, &alice, NOW).await;
    let claim = setup_claim(&alice, NOW);
    let mut second = with_keys(9, pending_setup(&alice, claim.id, NOW));
    assert_eq!(stores.factors.claim_setup(claim.clone()).await.unwrap(), SetupClaimed::Won);
    let audit = second.audit.clone();
    second.audit = first.audit.clone();
    assert!(stores.factors.store_pending(second.clone()).await.is_err());
    assert_eq!(stores.find(&alice).await, Some(stored_pending(first.factor)));
    assert!(!stores.keys_in_use().await.contains(&(KeyPurpose::Pepper, KeyId(9))));
    // The claim still holds.
    second.audit = audit;
    assert_eq!(stores.factors.store_pending(second).await.unwrap(), PendingStored::Stored);
}

async fn an_expired_factor_is_found_and_can_be_replaced(stores: Stores) {
    let alice = subject("alice");
    let first = arrange::pending(&*stores.factors, &alice, NOW).await;
    let later = first.factor.expires_at;
    assert_eq!(stores.find(&alice).await, Some(stored_pending(first.factor)));
    let second = arrange::pending(&*stores.factors, &alice, later).await;
    assert_eq!(stores.find(&alice).await, Some(stored_pending(second.factor)));
}

async fn one_of_many_that_use_the_same_claim_stores(stores: Stores) {
    for round in 0..rounds() {
        let alice = subject(&format!("alice {round}"));
        let claim = setup_claim(&alice, NOW);
        assert_eq!(stores.factors.claim_setup(claim.clone()).await.unwrap(), SetupClaimed::Won);
        let outcomes = together(CONTENDERS, |_| {
            let (factors, setup) = (stores.factors.clone(), pending_setup(&alice, claim.id, NOW));
            async move { (setup.factor.clone(), factors.store_pending(setup).await.unwrap()) }
        })
        .await;
        let (stored, lost): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|(_, outcome)| *outcome == PendingStored::Stored);
        assert_eq!(stored.len(), 1);
        assert!(lost.iter().all(|(_, outcome)| *outcome == PendingStored::ClaimLost), "{lost:?}");
        assert_eq!(stores.pending(&alice).await, stored[0].0);
        assert_eq!(stores.events_about(&alice).await.len(), round + 1);
    }
}

async fn only_the_holder_of_the_claim_stores(stores: Stores) {
    for round in 0..rounds() {
        let alice = subject(&format!("alice {round}"));
        let outcomes = together(CONTENDERS, |_| {
            let (factors, claim) = (stores.factors.clone(), setup_claim(&alice, NOW));
            let setup = pending_setup(&alice, claim.id, NOW);
            async move {
                let claimed = factors.claim_setup(claim).await.unwrap();
                (claimed, factors.store_pending(setup).await.unwrap())
            }
        })
        .await;
        // A claim may be won once an earlier one is stored; but each winner stores, and no loser does.
        assert!(outcomes.contains(&(SetupClaimed::Won, PendingStored::Stored)));
        for (claimed, stored) in outcomes {
            assert_eq!(
                claimed == SetupClaimed::Won,
                stored == PendingStored::Stored,
                "{claimed:?} {stored:?}"
            );
        }
    }
}
