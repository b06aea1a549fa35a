//! Taking over factors of other systems.

use countersign_domain::identity::{Environment, Subject};
use countersign_domain::keys::{KeyId, KeyPurpose};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::backup_codes::BackupCodes;
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::ports::{
    FactorImported, ImportedFactor, PendingStored, SetupClaimed, StoredFactor,
};

use super::stored_enabled;
use crate::arrange;
use crate::build::{
    NOW, SEALING_KEY, imported_factor, organization_id, pending_setup, setup_claim, subject, subject_in,
};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        an_imported_factor_comes_back_as_it_was_stored,
        a_factor_may_come_without_backup_codes,
        each_import_writes_its_audit_event,
        a_pending_factor_is_replaced_with_its_codes,
        an_enabled_factor_stays_and_is_told,
        the_outcomes_are_in_the_order_of_the_factors,
        a_subject_that_stands_twice_is_imported_once,
        nothing_is_stored_when_one_audit_event_cannot_be,
        an_import_belongs_to_one_subject,
        a_set_up_that_hashes_meanwhile_is_not_stored,
        of_many_imports_for_one_subject_exactly_one_is_stored,
        overlapping_batches_store_each_subject_once,
    ]
}

impl Stores {
    async fn import(&self, imported: ImportedFactor) -> FactorImported {
        let mut outcomes = self.factors.import(vec![imported]).await.unwrap();
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }
}

fn stored_imported(factor: EnabledFactor, unused: u8) -> StoredFactor {
    StoredFactor { factor: Factor::Enabled(factor), backup_codes: BackupCodes::Imported { unused } }
}

fn already(factor: EnabledFactor) -> FactorImported {
    FactorImported::AlreadyEnabled(Box::new(factor))
}

async fn an_imported_factor_comes_back_as_it_was_stored(stores: Stores) {
    let alice = subject("alice");
    let mut imported = imported_factor(&alice, &["one", "two", "three"], NOW);
    imported.factor.enabled_at = Timestamp::UNIX_EPOCH;
    assert_eq!(stores.import(imported.clone()).await, FactorImported::Stored);
    assert_eq!(stores.find(&alice).await, Some(stored_imported(imported.factor, 3)));
    // No pepper stands in front of imported hashes.
    assert_eq!(stores.keys_in_use().await, [(KeyPurpose::Sealing, SEALING_KEY)]);
}

async fn a_factor_may_come_without_backup_codes(stores: Stores) {
    let alice = subject("alice");
    let imported = imported_factor(&alice, &[], NOW);
    assert_eq!(stores.import(imported.clone()).await, FactorImported::Stored);
    let stored = StoredFactor { factor: Factor::Enabled(imported.factor), backup_codes: BackupCodes::None };
    assert_eq!(stores.find(&alice).await, Some(stored));
}

async fn each_import_writes_its_audit_event(stores: Stores) {
    let alice = subject("alice");
    let imported = imported_factor(&alice, &["one"], NOW);
    assert_eq!(stores.import(imported.clone()).await, FactorImported::Stored);
    assert!(matches!(
        stores.import(imported_factor(&alice, &[], NOW)).await,
        FactorImported::AlreadyEnabled(_)
    ));
    let trail = stores.trail_of(&alice).await;
    let rows: Vec<_> = trail.iter().map(|record| (record.id, record.name.as_str(), record.at)).collect();
    assert_eq!(rows, [(imported.audit.id, "two_factor.imported", NOW)]);
}

async fn a_pending_factor_is_replaced_with_its_codes(stores: Stores) {
    let alice = subject("alice");
    let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
    let mut imported = imported_factor(&alice, &["one"], NOW);
    imported.factor.binding.secret.key = KeyId(9);
    assert_eq!(stores.import(imported.clone()).await, FactorImported::Stored);
    assert_eq!(stores.find(&alice).await, Some(stored_imported(imported.factor, 1)));
    assert_eq!(stores.keys_in_use().await, [(KeyPurpose::Sealing, KeyId(9))]);
}

async fn an_enabled_factor_stays_and_is_told(stores: Stores) {
    let (alice, bob) = (subject("alice"), subject("bob"));
    let enabled = arrange::enabled(&*stores.factors, &alice, NOW).await;
    let outcome = stores.import(imported_factor(&alice, &["one"], NOW)).await;
    assert_eq!(outcome, already(enabled.clone()));
    assert_eq!(stores.find(&alice).await, Some(stored_enabled(enabled)));
    let first = imported_factor(&bob, &["one", "two"], NOW);
    assert_eq!(stores.import(first.clone()).await, FactorImported::Stored);
    assert_eq!(stores.import(imported_factor(&bob, &["three"], NOW)).await, already(first.factor.clone()));
    assert_eq!(stores.find(&bob).await, Some(stored_imported(first.factor, 2)));
}

async fn the_outcomes_are_in_the_order_of_the_factors(stores: Stores) {
    let bob = arrange::enabled(&*stores.factors, &subject("bob"), NOW).await;
    let batch = ["carol", "bob", "alice"].map(|name| imported_factor(&subject(name), &[name], NOW));
    let outcomes = stores.factors.import(batch.to_vec()).await.unwrap();
    assert_eq!(outcomes, [FactorImported::Stored, already(bob), FactorImported::Stored]);
    assert_eq!(stores.factors.import(Vec::new()).await.unwrap(), []);
}

async fn a_subject_that_stands_twice_is_imported_once(stores: Stores) {
    let alice = subject("alice");
    let first = imported_factor(&alice, &["one"], NOW);
    let batch = vec![first.clone(), imported_factor(&alice, &["two", "three"], NOW)];
    let outcomes = stores.factors.import(batch).await.unwrap();
    assert_eq!(outcomes, [FactorImported::Stored, already(first.factor.clone())]);
    assert_eq!(stores.find(&alice).await, Some(stored_imported(first.factor, 1)));
}

async fn nothing_is_stored_when_one_audit_event_cannot_be(stores: Stores) {
    let (alice, bob) = (subject("alice"), subject("bob"));
    let mut second = imported_factor(&bob, &["one"], NOW);
    second.audit = stores.taken(second.audit).await;
    let batch = vec![imported_factor(&alice, &["one"], NOW), second];
    assert!(stores.factors.import(batch).await.is_err());
    assert_eq!((stores.find(&alice).await, stores.find(&bob).await), (None, None));
}

async fn an_import_belongs_to_one_subject(stores: Stores) {
    let alice = subject("alice");
    let others = [
        subject_in(organization_id(2), Environment::Live, "alice"),
        subject_in(organization_id(1), Environment::Test, "alice"),
        subject("Alice"),
    ];
    assert_eq!(stores.import(imported_factor(&alice, &["one"], NOW)).await, FactorImported::Stored);
    for other in others {
        assert_eq!(stores.find(&other).await, None);
        let imported = imported_factor(&other, &[], NOW);
        assert_eq!(stores.import(imported).await, FactorImported::Stored);
    }
    assert_eq!(stores.find(&alice).await.map(|stored| stored.backup_codes.unused()), Some(1));
}

async fn a_set_up_that_hashes_meanwhile_is_not_stored(stores: Stores) {
    let alice = subject("alice");
    let claim = setup_claim(&alice, NOW);
    let setup = pending_setup(&alice, claim.id, NOW);
    assert_eq!(stores.factors.claim_setup(claim).await.unwrap(), SetupClaimed::Won);
    let imported = imported_factor(&alice, &["one"], NOW);
    assert_eq!(stores.import(imported.clone()).await, FactorImported::Stored);
    assert_eq!(stores.factors.store_pending(setup).await.unwrap(), PendingStored::AlreadyEnabled);
    assert_eq!(stores.find(&alice).await, Some(stored_imported(imported.factor, 1)));
}

async fn of_many_imports_for_one_subject_exactly_one_is_stored(stores: Stores) {
    for round in 0..rounds() {
        let alice = subject(&format!("alice {round}"));
        if round % 2 == 1 {
            let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
        }
        let outcomes = together(CONTENDERS, |_| {
            let (factors, imported) = (stores.factors.clone(), imported_factor(&alice, &["one"], NOW));
            async move { (imported.factor.clone(), factors.import(vec![imported]).await.unwrap().remove(0)) }
        })
        .await;
        let (stored, refused): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|(_, outcome)| *outcome == FactorImported::Stored);
        let [(winner, _)] = &stored[..] else { panic!("{} were stored", stored.len()) };
        assert!(refused.iter().all(|(_, outcome)| *outcome == already(winner.clone())));
        assert_eq!(stores.find(&alice).await, Some(stored_imported(winner.clone(), 1)));
    }
}

async fn overlapping_batches_store_each_subject_once(stores: Stores) {
    let names: Vec<_> = (0..8).map(|number| format!("user {number}")).collect();
    let users: Vec<Subject> = names.iter().map(|name| subject(name)).collect();
    let outcomes = together(CONTENDERS, |number| {
        let batch: Vec<_> = (0..4)
            .map(|place| imported_factor(&users[(number + place) % users.len()], &["one", "two"], NOW))
            .collect();
        let factors = stores.factors.clone();
        async move { factors.import(batch).await.unwrap() }
    })
    .await;
    let stored = outcomes.iter().flatten().filter(|outcome| **outcome == FactorImported::Stored);
    assert_eq!(stored.count(), users.len());
    for user in &users {
        assert_eq!(stores.find(user).await.map(|stored| stored.backup_codes.unused()), Some(2));
    }
}
