use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::lockout::{AttemptCounter, FailureWindow, Lock, LockoutPolicy};
use countersign_domain::two_factor::proof_ports::{Effect, TotpAttempt, TotpAttempted};

use super::totp_attempt;
use crate::arrange::{self, SPENT_STEP};
use crate::build::{
    NOW, accepting_judge, failing_totp_judge, hashed_codes, refusing_totp_judge, replaying_judge,
    stepping_judge, subject,
};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        without_an_enabled_factor_nothing_is_judged,
        a_right_code_spends_its_step_and_clears_the_counter,
        a_wrong_code_is_charged,
        a_replayed_code_is_not_charged,
        a_code_that_the_judge_cannot_use_leaves_no_trace,
        a_failing_judge_charges_nothing,
        the_fifth_wrong_code_locks_and_nothing_is_looked_at,
        after_the_lock_codes_are_judged_again_and_the_next_lock_is_longer,
        the_hard_limit_locks_for_good,
        new_backup_codes_come_with_the_code_or_not_at_all,
        removal_comes_with_the_code,
        recent_failures_are_counted_beside_and_a_right_code_leaves_them,
        a_window_of_failures_that_is_over_begins_anew,
        an_event_whose_id_is_taken_undoes_everything,
        of_many_uses_of_one_code_exactly_one_is_accepted,
        many_wrong_codes_at_once_are_judged_at_most_five_times,
    ]
}

fn fresh() -> TimeStep {
    TimeStep::new(SPENT_STEP.number() + 1)
}

async fn without_an_enabled_factor_nothing_is_judged(stores: Stores) {
    let alice = subject("alice");
    assert_eq!(stores.totp(&alice, replaying_judge(NOW)).await, TotpAttempted::NotEnabled);
    let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
    assert_eq!(stores.totp(&alice, replaying_judge(NOW)).await, TotpAttempted::NotEnabled);
}

async fn a_right_code_spends_its_step_and_clears_the_counter(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let _ = stores.totp(&alice, refusing_totp_judge(NOW)).await;
    let accepted = stores.totp(&alice, accepting_judge(fresh(), Effect::Keep, NOW)).await;
    assert_eq!(accepted, TotpAttempted::Accepted { backup_codes_remaining: 10 });
    let factor = stores.factor(&alice).await;
    assert_eq!((factor.last_step, factor.totp_attempts), (fresh(), AttemptCounter::default()));
    let names = stores.happened(alice.organization).await;
    assert_eq!(names[names.len() - 2..], ["two_factor.code_refused", "two_factor.verified"]);
}

async fn a_wrong_code_is_charged(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    for (wrong, attempts_left) in [(1, 4), (2, 3)] {
        let refused = stores.totp(&alice, refusing_totp_judge(NOW)).await;
        assert_eq!(refused, TotpAttempted::Refused { attempts_left });
        assert_eq!(stores.factor(&alice).await.totp_attempts.consecutive, wrong);
    }
    assert_eq!(stores.factor(&alice).await.last_step, SPENT_STEP);
}

async fn a_replayed_code_is_not_charged(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let before = stores.factor(&alice).await;
    for _ in 0..12 {
        let replayed = stores.totp(&alice, replaying_judge(NOW)).await;
        assert_eq!(replayed, TotpAttempted::Refused { attempts_left: 4 });
    }
    assert_eq!(stores.factor(&alice).await, before);
}

async fn a_code_that_the_judge_cannot_use_leaves_no_trace(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let (before, trail) = (stores.factor(&alice).await, stores.trail(alice.organization).await);
    assert_eq!(stores.totp(&alice, Arc::new(|_| Ok(None))).await, TotpAttempted::Malformed);
    assert_eq!(stores.factor(&alice).await, before);
    assert_eq!(stores.trail(alice.organization).await, trail);
}

async fn a_failing_judge_charges_nothing(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let before = stores.factor(&alice).await;
    assert!(stores.proofs.attempt_totp(totp_attempt(&alice), failing_totp_judge()).await.is_err());
    assert_eq!(stores.factor(&alice).await, before);
}

async fn the_fifth_wrong_code_locks_and_nothing_is_looked_at(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    for _ in 0..5 {
        assert!(matches!(stores.totp(&alice, refusing_totp_judge(NOW)).await, TotpAttempted::Refused { .. }));
    }
    let until = NOW.saturating_add(Duration::from_mins(1));
    let before = stores.factor(&alice).await;
    for judge in [refusing_totp_judge(NOW), accepting_judge(fresh(), Effect::Keep, NOW), failing_totp_judge()]
    {
        assert_eq!(stores.totp(&alice, judge).await, TotpAttempted::Locked(Lock::Until(until)));
    }
    assert_eq!(stores.factor(&alice).await, before);
}

async fn after_the_lock_codes_are_judged_again_and_the_next_lock_is_longer(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    for _ in 0..5 {
        let _ = stores.totp(&alice, refusing_totp_judge(NOW)).await;
    }
    let later = NOW.saturating_add(Duration::from_mins(1));
    let attempt = |now| TotpAttempt { now, ..totp_attempt(&alice) };
    let sixth = stores.proofs.attempt_totp(attempt(later), refusing_totp_judge(later)).await.unwrap();
    assert!(matches!(sixth, TotpAttempted::Refused { .. }), "{sixth:?}");
    let locked = stores.proofs.attempt_totp(attempt(later), refusing_totp_judge(later)).await.unwrap();
    let until = later.saturating_add(Duration::from_mins(2));
    assert_eq!(locked, TotpAttempted::Locked(Lock::Until(until)));
    let accepted = accepting_judge(fresh(), Effect::Keep, until);
    assert!(matches!(
        stores.proofs.attempt_totp(attempt(until), accepted).await.unwrap(),
        TotpAttempted::Accepted { .. }
    ));
    assert_eq!(stores.factor(&alice).await.totp_attempts, AttemptCounter::default());
}

async fn the_hard_limit_locks_for_good(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let policy = LockoutPolicy { hard_limit: 7, ..LockoutPolicy::TOTP };
    let mut now = NOW;
    for _ in 0..7 {
        let attempt = TotpAttempt { now, policy, ..totp_attempt(&alice) };
        let wrong = stores.proofs.attempt_totp(attempt, refusing_totp_judge(now)).await.unwrap();
        assert!(matches!(wrong, TotpAttempted::Refused { .. }), "{wrong:?}");
        now = now.saturating_add(Duration::from_hours(2));
    }
    let attempt =
        TotpAttempt { now: now.saturating_add(Duration::from_hours(9_999)), policy, ..totp_attempt(&alice) };
    let right = accepting_judge(fresh(), Effect::Keep, now);
    assert_eq!(stores.proofs.attempt_totp(attempt, right).await.unwrap(), TotpAttempted::Locked(Lock::Hard));
}

async fn new_backup_codes_come_with_the_code_or_not_at_all(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let old = stores.charged(&alice, 0).await;
    let codes = hashed_codes();
    let effect = Effect::ReplaceBackupCodes(Box::new(codes.clone()));
    assert!(matches!(
        stores.totp(&alice, accepting_judge(fresh(), effect, NOW)).await,
        TotpAttempted::Accepted { backup_codes_remaining: 10 }
    ));
    let new = stores.charged(&alice, 0).await;
    assert_eq!((new.place.set, new.hash.as_ref()), (codes.set, Some(&codes.hashes[0])));
    assert_ne!(old.place.set, new.place.set);
}

async fn removal_comes_with_the_code(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let removed = stores.totp(&alice, accepting_judge(fresh(), Effect::Remove, NOW)).await;
    assert_eq!(removed, TotpAttempted::Accepted { backup_codes_remaining: 0 });
    assert_eq!(stores.factors.find(&alice).await.unwrap(), None);
    assert_eq!(stores.keys.keys_in_use().await.unwrap(), []);
}

async fn recent_failures_are_counted_beside_and_a_right_code_leaves_them(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    assert_eq!(stores.factor(&alice).await.recent_failures, FailureWindow::default());
    let _ = stores.totp(&alice, refusing_totp_judge(NOW)).await;
    let _ = stores.totp(&alice, replaying_judge(NOW)).await;
    let _ = stores.totp(&alice, refusing_totp_judge(NOW)).await;
    let _ = stores.totp(&alice, accepting_judge(fresh(), Effect::Keep, NOW)).await;
    let recent = FailureWindow { since: Some(NOW), failures: 2 };
    assert_eq!(stores.factor(&alice).await.recent_failures, recent);
}

async fn a_window_of_failures_that_is_over_begins_anew(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let last = Timestamp::from_micros(NOW.saturating_add(FailureWindow::LENGTH).as_micros() - 1);
    let over = NOW.saturating_add(FailureWindow::LENGTH);
    for (now, since, failures) in [(NOW, NOW, 1), (last, NOW, 2), (over, over, 1), (over, over, 2)] {
        let attempt = TotpAttempt { now, ..totp_attempt(&alice) };
        let _ = stores.proofs.attempt_totp(attempt, refusing_totp_judge(now)).await.unwrap();
        let recent = FailureWindow { since: Some(since), failures };
        assert_eq!(stores.factor(&alice).await.recent_failures, recent);
    }
}

async fn an_event_whose_id_is_taken_undoes_everything(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let before = stores.factor(&alice).await;
    let verdict = accepting_judge(fresh(), Effect::Remove, NOW)(before.clone()).unwrap().unwrap();
    let _ = stores.taken(verdict.audit[0].clone()).await;
    let judge = Arc::new(move |_| Ok(Some(verdict.clone())));
    assert!(stores.proofs.attempt_totp(totp_attempt(&alice), judge).await.is_err());
    assert_eq!(stores.factor(&alice).await, before);
}

async fn of_many_uses_of_one_code_exactly_one_is_accepted(stores: Stores) {
    for round in 0..rounds() {
        let alice = stores.enabled_user(&format!("alice {round}")).await;
        let attempts = together(CONTENDERS, |_| {
            let (proofs, attempt) = (stores.proofs.clone(), totp_attempt(&alice));
            async move { proofs.attempt_totp(attempt, stepping_judge(fresh(), NOW)).await.unwrap() }
        })
        .await;
        let accepted = |attempt: &&TotpAttempted| matches!(attempt, TotpAttempted::Accepted { .. });
        let refused = |attempt: &&TotpAttempted| matches!(attempt, TotpAttempted::Refused { .. });
        assert_eq!(attempts.iter().filter(accepted).count(), 1);
        // A race of the owner with themselves must not lock the owner out.
        assert_eq!(attempts.iter().filter(refused).count(), CONTENDERS - 1);
        assert_eq!(stores.factor(&alice).await.totp_attempts, AttemptCounter::default());
    }
}

async fn many_wrong_codes_at_once_are_judged_at_most_five_times(stores: Stores) {
    for round in 0..rounds() {
        let alice = stores.enabled_user(&format!("alice {round}")).await;
        let judged = Arc::new(AtomicU32::new(0));
        let attempts = together(500, |_| {
            let (proofs, attempt) = (stores.proofs.clone(), totp_attempt(&alice));
            let (judged, refusing) = (judged.clone(), refusing_totp_judge(NOW));
            async move {
                let judge = Arc::new(move |factor| {
                    judged.fetch_add(1, Ordering::Relaxed);
                    refusing(factor)
                });
                proofs.attempt_totp(attempt, judge).await.unwrap()
            }
        })
        .await;
        let locked = attempts.iter().filter(|attempt| matches!(attempt, TotpAttempted::Locked(_))).count();
        assert_eq!(locked, 495);
        assert_eq!(judged.load(Ordering::Relaxed), 5);
        assert_eq!(stores.factor(&alice).await.totp_attempts.consecutive, 5);
    }
}
