//! Trying a code against a pending factor.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{SetupId, Subject};
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::factor::PendingFactor;
use countersign_domain::two_factor::ports::{
    SetupAttempt, SetupAttempted, SetupClaim, SetupClaimed, SetupJudge, SetupOutcome, SetupVerdict,
};

use super::{stored_enabled, stored_pending};
use crate::arrange;
use crate::build::{
    NOW, confirming_judge, event_about_user, failing_judge, fresh_ulid, refusing_judge, setup_attempt,
    setup_claim, subject,
};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        without_set_up_nothing_is_judged,
        the_judge_sees_the_stored_factor_with_the_attempt_charged,
        a_confirmed_factor_is_enabled_with_its_step,
        a_refused_factor_stays_pending_and_charged,
        an_exhausted_factor_is_removed_with_its_codes,
        no_more_attempts_are_judged_than_there_are,
        a_failing_judge_charges_and_stores_nothing,
        a_code_that_the_judge_cannot_use_charges_and_stores_nothing,
        nothing_is_charged_when_the_audit_event_cannot_be_stored,
        an_expired_set_up_is_removed_and_not_judged,
        another_set_up_is_not_judged,
        the_set_up_that_is_meant_is_judged,
        an_enabled_factor_is_not_judged,
        a_replaced_set_up_has_all_its_attempts,
        set_ups_stay_counted_when_one_is_exhausted,
        audit_events_are_in_the_order_of_attempts,
    ]
}

impl Stores {
    async fn attempt(&self, attempt: SetupAttempt, judge: SetupJudge) -> Result<SetupAttempted, PortFailure> {
        self.factors.attempt_setup(attempt, judge).await
    }

    /// An attempt that must not reach a judge.
    async fn unjudged(&self, attempt: SetupAttempt) -> SetupAttempted {
        let asked = Arc::new(AtomicUsize::new(0));
        let judge: SetupJudge = {
            let asked = asked.clone();
            Arc::new(move |_| {
                asked.fetch_add(1, Ordering::SeqCst);
                Err(PortFailure::other("nothing was to be judged"))
            })
        };
        let attempted = self.attempt(attempt, judge).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        attempted
    }

    async fn refuse(&self, subject: &Subject) -> SetupAttempted {
        self.attempt(setup_attempt(subject, NOW), refusing_judge(NOW)).await.unwrap()
    }
}

fn refused(factor: &PendingFactor, attempts: u8) -> SetupAttempted {
    SetupAttempted::Judged(SetupOutcome::Refused(PendingFactor { attempts, ..factor.clone() }))
}

async fn without_set_up_nothing_is_judged(stores: Stores) {
    let alice = subject("alice");
    assert_eq!(stores.unjudged(setup_attempt(&alice, NOW)).await, SetupAttempted::NoPendingSetup);
    assert_eq!(stores.events_about(&alice).await, [""; 0]);
}

async fn the_judge_sees_the_stored_factor_with_the_attempt_charged(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..3 {
        let (seen, refusing) = (seen.clone(), refusing_judge(NOW));
        let judge: SetupJudge = Arc::new(move |factor| {
            seen.lock().unwrap().push(factor.clone());
            refusing(factor)
        });
        let _ = stores.attempt(setup_attempt(&alice, NOW), judge).await.unwrap();
    }
    let mut seen = seen.lock().unwrap().clone();
    // A transaction that is repeated asks again.
    seen.dedup();
    let charged = |attempts| PendingFactor { attempts, ..setup.factor.clone() };
    assert_eq!(seen, [charged(1), charged(2), charged(3)]);
}

async fn a_confirmed_factor_is_enabled_with_its_step(stores: Stores) {
    let steps = [TimeStep::new(0), TimeStep::new(58_949_280), TimeStep::new(i64::MAX.unsigned_abs())];
    for step in steps {
        let alice = subject(&format!("alice {}", step.number()));
        let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
        let now = Timestamp::from_micros(NOW.as_micros() + 59_000_001);
        let attempted =
            stores.attempt(setup_attempt(&alice, now), confirming_judge(step, now)).await.unwrap();
        let enabled = setup.factor.confirm(step, now).unwrap();
        assert_eq!(attempted, SetupAttempted::Judged(SetupOutcome::Confirmed(enabled.clone())));
        assert_eq!(stores.find(&alice).await, Some(stored_enabled(enabled)));
    }
}

async fn a_refused_factor_stays_pending_and_charged(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    for attempts in 1..=4 {
        assert_eq!(stores.refuse(&alice).await, refused(&setup.factor, attempts));
        assert_eq!(stores.pending(&alice).await.attempts, attempts);
    }
    let confirming = confirming_judge(TimeStep::new(1), NOW);
    let attempted = stores.attempt(setup_attempt(&alice, NOW), confirming).await.unwrap();
    assert!(matches!(attempted, SetupAttempted::Judged(SetupOutcome::Confirmed(_))));
}

async fn an_exhausted_factor_is_removed_with_its_codes(stores: Stores) {
    let alice = subject("alice");
    let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
    for _ in 0..4 {
        let _ = stores.refuse(&alice).await;
    }
    assert_eq!(stores.refuse(&alice).await, SetupAttempted::Judged(SetupOutcome::Exhausted));
    assert_eq!(stores.find(&alice).await, None);
    assert_eq!(stores.keys_in_use().await, []);
    assert_eq!(stores.unjudged(setup_attempt(&alice, NOW)).await, SetupAttempted::NoPendingSetup);
}

async fn no_more_attempts_are_judged_than_there_are(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    let two = SetupAttempt { most: 2, ..setup_attempt(&alice, NOW) };
    for attempts in 1..=2 {
        let attempted = stores.attempt(two.clone(), refusing_judge(NOW)).await.unwrap();
        assert_eq!(attempted, refused(&setup.factor, attempts));
    }
    assert_eq!(stores.unjudged(two).await, SetupAttempted::NoPendingSetup);
}

async fn a_failing_judge_charges_and_stores_nothing(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    for _ in 0..10 {
        let failure = stores.attempt(setup_attempt(&alice, NOW), failing_judge()).await.unwrap_err();
        // The caller learns the judge's failure, not another one.
        assert!(matches!(failure, PortFailure::Unavailable(_)), "{failure:?}");
    }
    assert_eq!(stores.find(&alice).await, Some(stored_pending(setup.factor)));
    assert_eq!(stores.events_about(&alice).await, ["two_factor.setup_started"]);
}

async fn a_code_that_the_judge_cannot_use_charges_and_stores_nothing(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    for _ in 0..10 {
        let attempted = stores.attempt(setup_attempt(&alice, NOW), Arc::new(|_| Ok(None))).await.unwrap();
        assert_eq!(attempted, SetupAttempted::Malformed);
    }
    assert_eq!(stores.find(&alice).await, Some(stored_pending(setup.factor)));
    assert_eq!(stores.events_about(&alice).await, ["two_factor.setup_started"]);
}

async fn nothing_is_charged_when_the_audit_event_cannot_be_stored(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    for outcome in [confirming_judge(TimeStep::new(1), NOW), refusing_judge(NOW)] {
        let taken = setup.audit.clone();
        let judge: SetupJudge = Arc::new(move |factor| {
            let verdict = outcome(factor)?;
            Ok(verdict.map(|verdict| SetupVerdict { audit: taken.clone(), ..verdict }))
        });
        assert!(stores.attempt(setup_attempt(&alice, NOW), judge).await.is_err());
        assert_eq!(stores.find(&alice).await, Some(stored_pending(setup.factor.clone())));
    }
}

async fn an_expired_set_up_is_removed_and_not_judged(stores: Stores) {
    let alice = subject("alice");
    let expires_at = arrange::pending(&*stores.factors, &alice, NOW).await.factor.expires_at;
    let last_moment = expires_at.saturating_sub(Duration::from_micros(1));
    let attempted = stores.attempt(setup_attempt(&alice, last_moment), refusing_judge(NOW)).await.unwrap();
    assert!(matches!(attempted, SetupAttempted::Judged(SetupOutcome::Refused(_))), "{attempted:?}");
    assert_eq!(stores.unjudged(setup_attempt(&alice, expires_at)).await, SetupAttempted::Expired);
    assert_eq!(stores.find(&alice).await, None);
    assert_eq!(stores.keys_in_use().await, []);
    assert_eq!(stores.unjudged(setup_attempt(&alice, expires_at)).await, SetupAttempted::NoPendingSetup);
}

async fn another_set_up_is_not_judged(stores: Stores) {
    let alice = subject("alice");
    let first = arrange::pending(&*stores.factors, &alice, NOW).await;
    let second = arrange::pending(&*stores.factors, &alice, NOW).await;
    for setup in [first.factor.setup, SetupId::new(fresh_ulid())] {
        let attempt = SetupAttempt { setup: Some(setup), ..setup_attempt(&alice, NOW) };
        assert_eq!(stores.unjudged(attempt).await, SetupAttempted::Replaced);
    }
    assert_eq!(stores.find(&alice).await, Some(stored_pending(second.factor)));
}

async fn the_set_up_that_is_meant_is_judged(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    let attempt = SetupAttempt { setup: Some(setup.factor.setup), ..setup_attempt(&alice, NOW) };
    let attempted = stores.attempt(attempt, refusing_judge(NOW)).await.unwrap();
    assert_eq!(attempted, refused(&setup.factor, 1));
}

async fn an_enabled_factor_is_not_judged(stores: Stores) {
    let alice = subject("alice");
    let enabled = arrange::enabled(&*stores.factors, &alice, NOW).await;
    let years_later = NOW.saturating_add(Duration::from_hours(24 * 1_000));
    let meant = SetupAttempt { setup: Some(SetupId::new(fresh_ulid())), ..setup_attempt(&alice, NOW) };
    for attempt in [setup_attempt(&alice, NOW), setup_attempt(&alice, years_later), meant] {
        assert_eq!(stores.unjudged(attempt).await, SetupAttempted::AlreadyEnabled);
    }
    assert_eq!(stores.find(&alice).await, Some(stored_enabled(enabled)));
}

async fn a_replaced_set_up_has_all_its_attempts(stores: Stores) {
    let alice = subject("alice");
    let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
    for _ in 0..4 {
        let _ = stores.refuse(&alice).await;
    }
    let second = arrange::pending(&*stores.factors, &alice, NOW).await;
    assert_eq!(stores.refuse(&alice).await, refused(&second.factor, 1));
}

async fn set_ups_stay_counted_when_one_is_exhausted(stores: Stores) {
    let alice = subject("alice");
    let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
    for _ in 0..5 {
        let _ = stores.refuse(&alice).await;
    }
    let claim = SetupClaim { most: 1, ..setup_claim(&alice, NOW) };
    let claimed = stores.factors.claim_setup(claim).await.unwrap();
    assert!(matches!(claimed, SetupClaimed::TooMany { .. }), "{claimed:?}");
}

async fn audit_events_are_in_the_order_of_attempts(stores: Stores) {
    let alice = subject("alice");
    let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
    let _ = stores.refuse(&alice).await;
    let _ = stores.refuse(&alice).await;
    let judge: SetupJudge = Arc::new(move |factor| {
        let audit = event_about_user(&factor.binding.subject, SecurityEvent::Enabled, NOW);
        Ok(Some(SetupVerdict { outcome: SetupOutcome::Exhausted, audit }))
    });
    let _ = stores.attempt(setup_attempt(&alice, NOW), judge).await.unwrap();
    let trail = stores.trail_of(&alice).await;
    let rows: Vec<_> = trail.into_iter().map(|record| (record.name, record.details)).collect();
    let row = |name: &str, details: Vec<(&str, &str)>| {
        let details = details.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        (name.to_owned(), details.collect::<Vec<_>>())
    };
    assert_eq!(rows[1], row("two_factor.setup_code_refused", vec![("attempts_left", "4")]));
    assert_eq!(rows[2], row("two_factor.setup_code_refused", vec![("attempts_left", "3")]));
    assert_eq!(rows[3], row("two_factor.enabled", vec![]));
    assert_eq!(rows.len(), 4);
}
