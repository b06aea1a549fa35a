//! Organizations, environments and users never mix.

use countersign_domain::identity::{Environment, Subject};
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::ports::{SetupAttempted, SetupClaimed};

use super::{stored_enabled, stored_pending};
use crate::arrange;
use crate::build::{
    NOW, confirming_judge, organization_id, refusing_judge, setup_attempt, setup_claim, subject, subject_in,
};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_factor_belongs_to_one_subject,
        a_claim_belongs_to_one_subject,
        attempts_and_confirmation_belong_to_one_subject,
        user_ids_are_compared_byte_by_byte,
    ]
}

/// Subjects that differ from `alice`, live, of organization 1 in one thing only.
fn others() -> [Subject; 3] {
    [
        subject_in(organization_id(2), Environment::Live, "alice"),
        subject_in(organization_id(1), Environment::Test, "alice"),
        subject("bob"),
    ]
}

async fn a_factor_belongs_to_one_subject(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    for other in others() {
        assert_eq!(stores.find(&other).await, None);
        let own = arrange::pending(&*stores.factors, &other, NOW).await;
        assert_eq!(stores.find(&other).await, Some(stored_pending(own.factor)));
    }
    assert_eq!(stores.find(&alice).await, Some(stored_pending(setup.factor)));
}

async fn a_claim_belongs_to_one_subject(stores: Stores) {
    let claim = setup_claim(&subject("alice"), NOW);
    assert_eq!(stores.factors.claim_setup(claim.clone()).await.unwrap(), SetupClaimed::Won);
    for other in others() {
        stores.factors.release_setup(&other, claim.id).await.unwrap();
        assert_eq!(stores.factors.claim_setup(setup_claim(&other, NOW)).await.unwrap(), SetupClaimed::Won);
    }
    let again = setup_claim(&claim.subject, NOW);
    assert_eq!(stores.factors.claim_setup(again).await.unwrap(), SetupClaimed::InProgress);
}

async fn attempts_and_confirmation_belong_to_one_subject(stores: Stores) {
    let alice = subject("alice");
    let untouched = arrange::pending(&*stores.factors, &alice, NOW).await;
    for other in others() {
        let attempt = setup_attempt(&other, NOW);
        let attempted = stores.factors.attempt_setup(attempt.clone(), refusing_judge(NOW)).await.unwrap();
        assert_eq!(attempted, SetupAttempted::NoPendingSetup);
        let _ = arrange::pending(&*stores.factors, &other, NOW).await;
        let judge = confirming_judge(TimeStep::new(1), NOW);
        let attempted = stores.factors.attempt_setup(attempt, judge).await.unwrap();
        assert!(matches!(attempted, SetupAttempted::Judged(_)));
    }
    assert_eq!(stores.find(&alice).await, Some(stored_pending(untouched.factor)));
}

async fn user_ids_are_compared_byte_by_byte(stores: Stores) {
    let longest = "a".repeat(255);
    let shorter = "a".repeat(254);
    let users = [
        "alice",
        "Alice",
        "ALICE",
        "alice ",
        " alice",
        "ali ce",
        "al%",
        "al_ce",
        "alice'",
        "\"alice\"",
        "a\\lice",
        "1",
        "01",
        "1.0",
        "1e0",
        &longest,
        &shorter,
    ];
    let mut enabled = Vec::new();
    for user in users {
        assert_eq!(stores.find(&subject(user)).await, None, "{user:?}");
        enabled.push(arrange::enabled(&*stores.factors, &subject(user), NOW).await);
    }
    for (user, factor) in users.into_iter().zip(enabled) {
        assert_eq!(stores.find(&subject(user)).await, Some(stored_enabled(factor)), "{user:?}");
    }
}
