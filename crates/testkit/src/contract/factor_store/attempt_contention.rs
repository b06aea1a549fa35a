//! Many codes at once against one pending factor.

use std::collections::BTreeSet;

use countersign_domain::identity::Subject;
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::ports::{SetupAttempted, SetupJudge, SetupOutcome};

use crate::arrange;
use crate::build::{NOW, confirming_judge, failing_judge, refusing_judge, setup_attempt, subject};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        one_of_many_right_codes_enables,
        many_wrong_codes_never_share_a_charge,
        failing_judges_leave_the_charges_of_others_alone,
        attempts_of_different_users_do_not_disturb_each_other,
    ]
}

impl Stores {
    /// Attempts of all contenders at once, each with the judge that `judge` makes for its number.
    async fn contend(
        &self,
        subject: &Subject,
        judge: impl Fn(usize) -> SetupJudge,
    ) -> Vec<Option<SetupAttempted>> {
        together(CONTENDERS, |number| {
            let (factors, attempt) = (self.factors.clone(), setup_attempt(subject, NOW));
            let judge = judge(number);
            async move { factors.attempt_setup(attempt, judge).await.ok() }
        })
        .await
    }
}

async fn one_of_many_right_codes_enables(stores: Stores) {
    for round in 0..rounds() {
        let alice = subject(&format!("alice {round}"));
        let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
        let attempts = stores.contend(&alice, |_| confirming_judge(TimeStep::new(7), NOW)).await;
        let confirmed = |attempt: &&Option<SetupAttempted>| {
            matches!(attempt, Some(SetupAttempted::Judged(SetupOutcome::Confirmed(_))))
        };
        assert_eq!(attempts.iter().filter(confirmed).count(), 1);
        let late =
            attempts.iter().filter(|attempt| **attempt == Some(SetupAttempted::AlreadyEnabled)).count();
        assert_eq!(late, CONTENDERS - 1);
        let enabled = stores.events_about(&alice).await;
        assert_eq!(enabled.iter().filter(|name| *name == "two_factor.enabled").count(), round + 1);
    }
}

async fn many_wrong_codes_never_share_a_charge(stores: Stores) {
    for round in 0..rounds() {
        let alice = subject(&format!("alice {round}"));
        let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
        let attempts = stores.contend(&alice, |_| refusing_judge(NOW)).await;
        let mut charges = BTreeSet::new();
        let mut exhausted = 0;
        for attempt in attempts {
            match attempt.expect("no judge fails") {
                SetupAttempted::Judged(SetupOutcome::Refused(factor)) => {
                    assert!(charges.insert(factor.attempts), "attempt {} was judged twice", factor.attempts);
                }
                SetupAttempted::Judged(SetupOutcome::Exhausted) => exhausted += 1,
                other => assert_eq!(other, SetupAttempted::NoPendingSetup),
            }
        }
        assert_eq!((charges, exhausted), (BTreeSet::from([1, 2, 3, 4]), 1));
        assert_eq!(stores.find(&alice).await, None);
        // The set-up and its five codes.
        assert_eq!(stores.events_about(&alice).await.len(), 6 * (round + 1));
    }
}

async fn failing_judges_leave_the_charges_of_others_alone(stores: Stores) {
    for round in 0..rounds() {
        let alice = subject(&format!("alice {round}"));
        let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
        let judge = |number| if number % 16 == 0 { refusing_judge(NOW) } else { failing_judge() };
        let attempts = stores.contend(&alice, judge).await;
        let judged = attempts.iter().flatten().count();
        assert_eq!(judged, CONTENDERS.div_ceil(16));
        assert_eq!(usize::from(stores.pending(&alice).await.attempts), judged);
    }
}

async fn attempts_of_different_users_do_not_disturb_each_other(stores: Stores) {
    let users: Vec<_> = (0..CONTENDERS).map(|number| subject(&format!("user {number}"))).collect();
    for user in &users {
        let _ = arrange::pending(&*stores.factors, user, NOW).await;
    }
    let attempts = together(CONTENDERS, |number| {
        let (factors, attempt) = (stores.factors.clone(), setup_attempt(&users[number], NOW));
        let step = TimeStep::new(number.try_into().unwrap());
        async move { factors.attempt_setup(attempt, confirming_judge(step, NOW)).await.unwrap() }
    })
    .await;
    for (number, attempt) in attempts.into_iter().enumerate() {
        let SetupAttempted::Judged(SetupOutcome::Confirmed(enabled)) = attempt else {
            panic!("user {number} was not confirmed: {attempt:?}")
        };
        assert_eq!(enabled.last_step.number(), u64::try_from(number).unwrap());
        let stored = stores.find(&users[number]).await.map(|stored| stored.factor);
        assert_eq!(stored, Some(Factor::Enabled(enabled)));
    }
}
