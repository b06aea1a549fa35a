use std::sync::Arc;
use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{BackupSetId, Subject};
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::backup_code::Slot;
use countersign_domain::two_factor::backup_codes::{BackupCodeName, BackupCodeRef};
use countersign_domain::two_factor::lockout::{AttemptCounter, FailureWindow, Lock};
use countersign_domain::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, Effect, RefusedBackupCode, TotpAttempted,
    UsedBackupCode,
};

use super::backup_code_attempt;
use crate::build::{NOW, event_about_user, fresh_ulid, hashed_codes, refusing_totp_judge, subject};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        without_an_enabled_factor_nothing_is_charged,
        each_slot_has_its_hash,
        a_charge_stays,
        the_tenth_wrong_backup_code_locks_backup_codes_alone,
        backup_codes_work_while_totp_is_locked,
        a_used_slot_has_no_hash_and_is_not_used_twice,
        using_a_code_spends_every_step_that_could_be_accepted_now,
        using_a_code_clears_its_counter,
        a_code_of_a_replaced_set_is_lost,
        the_events_know_how_many_codes_are_left,
        failing_events_undo_everything,
        a_text_without_a_slot_is_not_charged,
        of_many_uses_of_one_slot_exactly_one_wins,
        parallel_charges_are_all_counted,
        parallel_refusals_are_all_counted_and_one_makes_them_many,
        of_a_factor_that_is_gone_the_refusal_is_told,
    ]
}

fn used(subject: &Subject, set: BackupSetId, slot: u8) -> UsedBackupCode {
    let (slot, told) = (Slot::new(slot).unwrap(), subject.clone());
    UsedBackupCode {
        subject: subject.clone(),
        code: BackupCodeRef::Own { set, slot },
        now: NOW,
        effect: Effect::Keep,
        audit: Arc::new(move |remaining| {
            Ok(vec![event_about_user(
                &told,
                SecurityEvent::BackupCodeUsed { code: BackupCodeName::Own(slot), remaining },
                NOW,
            )])
        }),
    }
}

async fn without_an_enabled_factor_nothing_is_charged(stores: Stores) {
    let attempt = backup_code_attempt(&subject("alice"), 0);
    assert_eq!(stores.proofs.charge_backup_code(attempt).await.unwrap(), BackupCodeCharged::NotEnabled);
    let lost =
        stores.proofs.use_backup_code(used(&subject("alice"), BackupSetId::new(fresh_ulid()), 0)).await;
    assert_eq!(lost.unwrap(), BackupCodeUse::Lost);
}

async fn each_slot_has_its_hash(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let mut hashes = Vec::new();
    for slot in 0..9 {
        let stored = stores.charged(&alice, slot).await;
        assert_eq!(stored.place.subject, alice);
        hashes.push(stored.hash.unwrap().as_str().to_owned());
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 9);
}

async fn a_charge_stays(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    for wrong in 1..=3 {
        assert_eq!(stores.charged(&alice, 1).await.attempts.consecutive, wrong);
        assert_eq!(stores.factor(&alice).await.backup_code_attempts.consecutive, wrong);
    }
    assert_eq!(stores.factor(&alice).await.totp_attempts, AttemptCounter::default());
}

async fn the_tenth_wrong_backup_code_locks_backup_codes_alone(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    for _ in 0..10 {
        let _ = stores.charged(&alice, 1).await;
    }
    let locked = stores.proofs.charge_backup_code(backup_code_attempt(&alice, 1)).await.unwrap();
    let until = NOW.saturating_add(Duration::from_mins(1));
    assert_eq!(locked, BackupCodeCharged::Locked(Lock::Until(until)));
    assert!(matches!(stores.totp(&alice, refusing_totp_judge(NOW)).await, TotpAttempted::Refused { .. }));
    let later = BackupCodeAttempt { now: until, ..backup_code_attempt(&alice, 1) };
    assert!(matches!(stores.proofs.charge_backup_code(later).await.unwrap(), BackupCodeCharged::Charged(_)));
}

async fn backup_codes_work_while_totp_is_locked(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    for _ in 0..5 {
        let _ = stores.totp(&alice, refusing_totp_judge(NOW)).await;
    }
    assert!(matches!(stores.totp(&alice, refusing_totp_judge(NOW)).await, TotpAttempted::Locked(_)));
    let stored = stores.charged(&alice, 3).await;
    let won = stores.proofs.use_backup_code(used(&alice, stored.place.set, 3)).await.unwrap();
    assert_eq!(won, BackupCodeUse::Won { remaining: 9 });
}

async fn a_used_slot_has_no_hash_and_is_not_used_twice(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let stored = stores.charged(&alice, 4).await;
    let use_it = || stores.proofs.use_backup_code(used(&alice, stored.place.set, 4));
    assert_eq!(use_it().await.unwrap(), BackupCodeUse::Won { remaining: 9 });
    assert_eq!(stores.charged(&alice, 4).await.hash, None);
    assert_eq!(use_it().await.unwrap(), BackupCodeUse::Lost);
    assert_eq!(stores.unused_codes(&alice).await, 9);
}

async fn using_a_code_spends_every_step_that_could_be_accepted_now(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let stored = stores.charged(&alice, 0).await;
    let _ = stores.proofs.use_backup_code(used(&alice, stored.place.set, 0)).await.unwrap();
    let now = TimeStep::containing(NOW, Duration::from_secs(30)).unwrap();
    assert_eq!(stores.factor(&alice).await.last_step, TimeStep::new(now.number() + 1));
}

async fn using_a_code_clears_its_counter(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    for _ in 0..3 {
        let _ = stores.charged(&alice, 0).await;
    }
    let stored = stores.charged(&alice, 0).await;
    let _ = stores.proofs.use_backup_code(used(&alice, stored.place.set, 0)).await.unwrap();
    assert_eq!(stores.factor(&alice).await.backup_code_attempts, AttemptCounter::default());
}

async fn a_code_of_a_replaced_set_is_lost(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let old = stores.charged(&alice, 0).await.place.set;
    let effect = Effect::ReplaceBackupCodes(Box::new(hashed_codes()));
    let replacing = UsedBackupCode { effect, ..used(&alice, old, 1) };
    assert_eq!(stores.proofs.use_backup_code(replacing).await.unwrap(), BackupCodeUse::Won { remaining: 10 });
    assert_eq!(stores.proofs.use_backup_code(used(&alice, old, 0)).await.unwrap(), BackupCodeUse::Lost);
    assert_eq!(stores.unused_codes(&alice).await, 10);
}

async fn the_events_know_how_many_codes_are_left(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let stored = stores.charged(&alice, 0).await;
    let _ = stores.proofs.use_backup_code(used(&alice, stored.place.set, 0)).await.unwrap();
    let last = stores.trail(alice.organization).await.pop().unwrap();
    assert_eq!(last.name, "two_factor.backup_code_used");
    assert!(last.details.contains(&("remaining".to_owned(), "9".to_owned())), "{:?}", last.details);
}

async fn failing_events_undo_everything(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let stored = stores.charged(&alice, 0).await;
    let before = stores.factor(&alice).await;
    let failing = UsedBackupCode {
        audit: Arc::new(|_| Err(PortFailure::unavailable("no randomness"))),
        ..used(&alice, stored.place.set, 0)
    };
    assert!(stores.proofs.use_backup_code(failing).await.is_err());
    assert_eq!(stores.factor(&alice).await, before);
    assert_eq!(stores.unused_codes(&alice).await, 10);
}

async fn a_text_without_a_slot_is_not_charged(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let _ = stores.charged(&alice, 0).await;
    let attempt = BackupCodeAttempt { slot: None, ..backup_code_attempt(&alice, 0) };
    assert_eq!(stores.proofs.charge_backup_code(attempt).await.unwrap(), BackupCodeCharged::Malformed);
    assert_eq!(stores.factor(&alice).await.backup_code_attempts.consecutive, 1);
}

async fn of_many_uses_of_one_slot_exactly_one_wins(stores: Stores) {
    for round in 0..rounds() {
        let alice = stores.enabled_user(&format!("alice {round}")).await;
        let set = stores.charged(&alice, 0).await.place.set;
        let uses = together(CONTENDERS, |_| {
            let (proofs, used) = (stores.proofs.clone(), used(&alice, set, 0));
            async move { proofs.use_backup_code(used).await.unwrap() }
        })
        .await;
        let won =
            uses.iter().filter(|outcome| matches!(outcome, BackupCodeUse::Won { remaining: 9 })).count();
        assert_eq!(won, 1);
        assert_eq!(stores.unused_codes(&alice).await, 9);
    }
}

async fn parallel_charges_are_all_counted(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let charges = together(CONTENDERS, |_| {
        let (proofs, attempt) = (stores.proofs.clone(), backup_code_attempt(&alice, 0));
        async move { proofs.charge_backup_code(attempt).await.unwrap() }
    })
    .await;
    let charged = charges.iter().filter(|charge| matches!(charge, BackupCodeCharged::Charged(_))).count();
    assert_eq!(charged, 10);
    assert_eq!(stores.factor(&alice).await.backup_code_attempts.consecutive, 10);
}

fn refused(subject: &Subject) -> RefusedBackupCode {
    let told = subject.clone();
    RefusedBackupCode {
        subject: subject.clone(),
        now: NOW,
        audit: Arc::new(move |recent| {
            let event = SecurityEvent::ManyFailures { failures: recent.failures };
            let events = recent.became_many().then(|| event_about_user(&told, event, NOW));
            let refusal = event_about_user(&told, SecurityEvent::Enabled, NOW);
            Ok(events.into_iter().chain([refusal]).collect())
        }),
    }
}

async fn parallel_refusals_are_all_counted_and_one_makes_them_many(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let _ = together(CONTENDERS, |_| {
        let (proofs, refused) = (stores.proofs.clone(), refused(&alice));
        async move { proofs.refuse_backup_code(refused).await.unwrap() }
    })
    .await;
    let failures = CONTENDERS.try_into().unwrap();
    let recent = FailureWindow { since: Some(NOW), failures };
    assert_eq!(stores.factor(&alice).await.recent_failures, recent);
    let happened = stores.happened(alice.organization).await;
    assert_eq!(happened.iter().filter(|name| *name == "two_factor.many_failures").count(), 1);
}

async fn of_a_factor_that_is_gone_the_refusal_is_told(stores: Stores) {
    let alice = subject("alice");
    stores.proofs.refuse_backup_code(refused(&alice)).await.unwrap();
    assert_eq!(stores.happened(alice.organization).await, ["two_factor.enabled"]);
}
