use std::sync::Arc;
use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{FactorId, Subject};
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::backup_codes::{BackupCodeName, BackupCodeRef, BackupCodes};
use countersign_domain::two_factor::imported_code::ImportedCodeNumber;
use countersign_domain::two_factor::lockout::{AttemptCounter, Lock};
use countersign_domain::two_factor::ports::FactorImported;
use countersign_domain::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, Effect, ImportedBackupCodes, TotpAttempted,
    UsedBackupCode,
};

use super::backup_code_attempt;
use crate::build::{
    NOW, accepting_judge, event_about_user, hashed_codes, imported_factor, imported_hash, subject,
};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        all_imported_hashes_are_handed_out_whatever_the_shape,
        a_charge_on_imported_codes_stays_and_locks,
        a_factor_without_codes_is_not_charged,
        a_used_imported_code_is_marked_and_not_used_twice,
        using_an_imported_code_spends_steps_and_clears_the_counter,
        new_codes_take_the_place_of_imported_ones,
        a_code_of_a_removed_factor_is_lost,
        a_failing_event_leaves_an_imported_code_unused,
        of_many_uses_of_one_imported_code_exactly_one_wins,
        parallel_charges_on_imported_codes_are_all_counted,
    ]
}

impl Stores {
    async fn imported_user(&self, name: &str, codes: &[&str]) -> (Subject, FactorId) {
        let user = subject(name);
        let imported = imported_factor(&user, codes, NOW);
        let id = imported.factor.binding.id;
        assert_eq!(self.factors.import(vec![imported]).await.unwrap(), [FactorImported::Stored]);
        (user, id)
    }

    async fn charged_imported(&self, subject: &Subject) -> ImportedBackupCodes {
        match self.proofs.charge_backup_code(attempt(subject)).await.unwrap() {
            BackupCodeCharged::ChargedImported(stored) => stored,
            other => panic!("not charged: {other:?}"),
        }
    }
}

fn attempt(subject: &Subject) -> BackupCodeAttempt {
    BackupCodeAttempt { slot: None, ..backup_code_attempt(subject, 0) }
}

fn used(subject: &Subject, factor: FactorId, number: u8) -> UsedBackupCode {
    let (number, told) = (ImportedCodeNumber::new(number).unwrap(), subject.clone());
    UsedBackupCode {
        subject: subject.clone(),
        code: BackupCodeRef::Imported { factor, number },
        now: NOW,
        effect: Effect::Keep,
        audit: Arc::new(move |remaining| {
            let event = SecurityEvent::BackupCodeUsed { code: BackupCodeName::Imported(number), remaining };
            Ok(vec![event_about_user(&told, event, NOW)])
        }),
    }
}

async fn all_imported_hashes_are_handed_out_whatever_the_shape(stores: Stores) {
    let (alice, factor) = stores.imported_user("alice", &["one", "two", "three"]).await;
    for attempt in [attempt(&alice), backup_code_attempt(&alice, 7)] {
        let charged = stores.proofs.charge_backup_code(attempt).await.unwrap();
        let BackupCodeCharged::ChargedImported(stored) = charged else { panic!("{charged:?}") };
        assert_eq!(stored.factor, factor);
        let codes: Vec<_> = stored.codes.into_iter().map(|code| (code.number.number(), code.hash)).collect();
        let expected: Vec<_> = (0..).zip(["one", "two", "three"].map(imported_hash)).collect();
        assert_eq!(codes, expected);
    }
}

async fn a_charge_on_imported_codes_stays_and_locks(stores: Stores) {
    let (alice, _) = stores.imported_user("alice", &["one"]).await;
    for wrong in 1..=10 {
        assert_eq!(stores.charged_imported(&alice).await.attempts.consecutive, wrong);
        assert_eq!(stores.factor(&alice).await.backup_code_attempts.consecutive, wrong);
    }
    let locked = stores.proofs.charge_backup_code(attempt(&alice)).await.unwrap();
    assert_eq!(locked, BackupCodeCharged::Locked(Lock::Until(NOW.saturating_add(Duration::from_mins(1)))));
}

async fn a_factor_without_codes_is_not_charged(stores: Stores) {
    let (alice, _) = stores.imported_user("alice", &[]).await;
    for attempt in [attempt(&alice), backup_code_attempt(&alice, 7)] {
        assert_eq!(stores.proofs.charge_backup_code(attempt).await.unwrap(), BackupCodeCharged::Malformed);
    }
    assert_eq!(stores.factor(&alice).await.backup_code_attempts, AttemptCounter::default());
}

async fn a_used_imported_code_is_marked_and_not_used_twice(stores: Stores) {
    let (alice, factor) = stores.imported_user("alice", &["one", "two"]).await;
    let use_it = || stores.proofs.use_backup_code(used(&alice, factor, 1));
    assert_eq!(use_it().await.unwrap(), BackupCodeUse::Won { remaining: 1 });
    assert_eq!(use_it().await.unwrap(), BackupCodeUse::Lost);
    let marks: Vec<_> = stores.charged_imported(&alice).await.codes.iter().map(|code| code.is_used).collect();
    assert_eq!(marks, [false, true]);
    let last = stores.trail(alice.organization).await.pop().unwrap();
    assert!(last.details.contains(&("imported".to_owned(), "1".to_owned())), "{:?}", last.details);
    assert!(last.details.contains(&("remaining".to_owned(), "1".to_owned())), "{:?}", last.details);
}

async fn using_an_imported_code_spends_steps_and_clears_the_counter(stores: Stores) {
    let (alice, factor) = stores.imported_user("alice", &["one"]).await;
    let _ = stores.charged_imported(&alice).await;
    let later = NOW.saturating_add(Duration::from_mins(10));
    let late = UsedBackupCode { now: later, ..used(&alice, factor, 0) };
    assert_eq!(stores.proofs.use_backup_code(late).await.unwrap(), BackupCodeUse::Won { remaining: 0 });
    let stored = stores.factor(&alice).await;
    assert_eq!(stored.backup_code_attempts, AttemptCounter::default());
    assert_eq!(Some(stored.last_step), TimeStep::last_acceptable(later, Duration::from_secs(30)));
}

async fn new_codes_take_the_place_of_imported_ones(stores: Stores) {
    let (alice, factor) = stores.imported_user("alice", &["one", "two"]).await;
    let effect = Effect::ReplaceBackupCodes(Box::new(hashed_codes()));
    let step = TimeStep::new(stores.factor(&alice).await.last_step.number() + 1);
    let replaced = stores.totp(&alice, accepting_judge(step, effect, NOW)).await;
    assert_eq!(replaced, TotpAttempted::Accepted { backup_codes_remaining: 10 });
    let stored = stores.factors.find(&alice).await.unwrap().unwrap();
    assert_eq!(stored.backup_codes, BackupCodes::Own { unused: 10 });
    assert_eq!(stores.proofs.use_backup_code(used(&alice, factor, 0)).await.unwrap(), BackupCodeUse::Lost);
    assert!(stores.charged(&alice, 0).await.hash.is_some());
}

async fn a_code_of_a_removed_factor_is_lost(stores: Stores) {
    let (alice, old) = stores.imported_user("alice", &["one"]).await;
    let event = event_about_user(&alice, SecurityEvent::Enabled, NOW);
    assert!(stores.proofs.remove(&alice, event).await.unwrap());
    assert_eq!(stores.proofs.use_backup_code(used(&alice, old, 0)).await.unwrap(), BackupCodeUse::Lost);
    let (alice, new) = stores.imported_user("alice", &["one"]).await;
    assert_eq!(stores.proofs.use_backup_code(used(&alice, old, 0)).await.unwrap(), BackupCodeUse::Lost);
    let used = stores.proofs.use_backup_code(used(&alice, new, 0)).await.unwrap();
    assert_eq!(used, BackupCodeUse::Won { remaining: 0 });
}

async fn a_failing_event_leaves_an_imported_code_unused(stores: Stores) {
    let (alice, factor) = stores.imported_user("alice", &["one"]).await;
    let failing = UsedBackupCode {
        audit: Arc::new(|_| Err(PortFailure::unavailable("no randomness"))),
        ..used(&alice, factor, 0)
    };
    assert!(stores.proofs.use_backup_code(failing).await.is_err());
    assert_eq!(stores.unused_codes(&alice).await, 1);
}

async fn of_many_uses_of_one_imported_code_exactly_one_wins(stores: Stores) {
    for round in 0..rounds() {
        let (alice, factor) = stores.imported_user(&format!("alice {round}"), &["one", "two", "three"]).await;
        let uses = together(CONTENDERS, |_| {
            let (proofs, used) = (stores.proofs.clone(), used(&alice, factor, 1));
            async move { proofs.use_backup_code(used).await.unwrap() }
        })
        .await;
        let won = uses.iter().filter(|outcome| matches!(outcome, BackupCodeUse::Won { remaining: 2 }));
        assert_eq!(won.count(), 1);
        assert_eq!(stores.unused_codes(&alice).await, 2);
    }
}

async fn parallel_charges_on_imported_codes_are_all_counted(stores: Stores) {
    let (alice, _) = stores.imported_user("alice", &["one"]).await;
    let charges = together(CONTENDERS, |_| {
        let (proofs, attempt) = (stores.proofs.clone(), attempt(&alice));
        async move { proofs.charge_backup_code(attempt).await.unwrap() }
    })
    .await;
    let charged =
        charges.iter().filter(|charge| matches!(charge, BackupCodeCharged::ChargedImported(_))).count();
    assert_eq!(charged, 10);
    assert_eq!(stores.factor(&alice).await.backup_code_attempts.consecutive, 10);
}
