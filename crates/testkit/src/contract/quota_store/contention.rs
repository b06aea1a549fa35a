//! Many at once.

use std::collections::BTreeSet;

use countersign_domain::quota::quota_ports::{ActivationDecision, TurnsDecision};

use super::{FEBRUARY, MARCH};
use crate::build::{NOW, allowance, consumption, repeatable};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        many_consumers_end_exactly_at_the_ceiling,
        what_many_were_told_is_what_is_counted,
        each_of_many_consumers_is_told_its_own_use,
        one_of_many_with_the_same_key_counts,
        of_two_calls_with_one_key_one_counts,
        repetitions_at_the_ceiling_take_no_room_from_others,
        many_activations_end_exactly_at_the_ceiling,
        a_relationship_that_many_activate_takes_one_place,
        activating_and_ending_leave_counters_that_agree,
    ]
}

const COUNT: u64 = CONTENDERS as u64;

async fn many_consumers_end_exactly_at_the_ceiling(stores: Stores) {
    let _ = stores.organization(1).await;
    for at in [NOW, FEBRUARY, MARCH] {
        let limited = allowance(at, COUNT - 5, 5);
        let decided = together(CONTENDERS, |_| {
            let stores = stores.clone();
            async move { stores.consume(consumption(limited, 1)).await }
        })
        .await;
        assert_eq!(decided.iter().filter(|decision| decision.is_counted()).count(), CONTENDERS - 5);
        assert_eq!(stores.turns_of(limited).await, COUNT - 5);
    }
}

async fn what_many_were_told_is_what_is_counted(stores: Stores) {
    let _ = stores.organization(1).await;
    for (at, ceiling) in [(NOW, COUNT + 1), (FEBRUARY, COUNT), (MARCH, 3 * COUNT)] {
        let limited = allowance(at, ceiling, 5);
        let decided = together(CONTENDERS, |number| {
            let stores = stores.clone();
            let turns = u32::try_from(number % 4 + 1).unwrap();
            async move { (u64::from(turns), stores.consume(consumption(limited, turns)).await) }
        })
        .await;
        let counted = decided.iter().filter(|(_, decision)| decision.is_counted());
        let sum: u64 = counted.map(|(turns, _)| turns).sum();
        let wanted: u64 = decided.iter().map(|(turns, _)| turns).sum();
        assert_eq!(stores.turns_of(limited).await, sum);
        // The largest call fits whenever more than it takes is left.
        let is_full = sum + 4 > ceiling;
        assert!(sum <= ceiling && (is_full || sum == wanted), "{sum} of {ceiling}");
    }
}

async fn each_of_many_consumers_is_told_its_own_use(stores: Stores) {
    let _ = stores.organization(1).await;
    let enough = allowance(NOW, 3 * COUNT, 5);
    let told = together(CONTENDERS, |_| {
        let stores = stores.clone();
        async move { stores.consume(consumption(enough, 3)).await }
    })
    .await;
    let told: BTreeSet<_> = told.into_iter().map(used_when_counted).collect();
    assert_eq!(told, (1..=COUNT).map(|number| 3 * number).collect());
}

async fn one_of_many_with_the_same_key_counts(stores: Stores) {
    let _ = stores.organization(1).await;
    let ten = allowance(NOW, 10, 5);
    let decided = together(CONTENDERS, |_| {
        let stores = stores.clone();
        async move { stores.consume(repeatable(ten, 7, "k", NOW)).await }
    })
    .await;
    assert_eq!(decided.iter().filter(|decision| decision.is_counted()).count(), 1);
    for decision in decided {
        let (TurnsDecision::Counted(snapshot) | TurnsDecision::Repeated(snapshot)) = decision else {
            panic!("{decision:?}")
        };
        assert_eq!(snapshot.usage.turns, 7);
    }
    assert_eq!(stores.turns_of(ten).await, 7);
}

async fn of_two_calls_with_one_key_one_counts(stores: Stores) {
    let _ = stores.organization(1).await;
    let enough = allowance(NOW, 1_000, 5);
    let decided = together(CONTENDERS, |number| {
        let stores = stores.clone();
        let turns = if number.is_multiple_of(2) { 3 } else { 4 };
        async move { (turns, stores.consume(repeatable(enough, turns, "k", NOW)).await) }
    })
    .await;
    let (winner, _) = *decided.iter().find(|(_, decision)| decision.is_counted()).unwrap();
    for (turns, decision) in &decided {
        let is_same = matches!(decision, TurnsDecision::Counted(_) | TurnsDecision::Repeated(_));
        assert_eq!(is_same, *turns == winner, "{decision:?}");
    }
    assert_eq!(stores.turns_of(enough).await, winner.into());
}

async fn repetitions_at_the_ceiling_take_no_room_from_others(stores: Stores) {
    let _ = stores.organization(1).await;
    let half = allowance(NOW, COUNT / 2, 5);
    let decided = together(CONTENDERS, |number| {
        let stores = stores.clone();
        let key = (number / 2).to_string();
        async move { stores.consume(repeatable(half, 1, &key, NOW)).await }
    })
    .await;
    assert_eq!(decided.iter().filter(|decision| decision.is_counted()).count(), CONTENDERS / 2);
    assert!(!decided.iter().any(|decision| matches!(decision, TurnsDecision::Exhausted(_))), "{decided:?}");
    assert_eq!(stores.turns_of(half).await, COUNT / 2);
}

async fn many_activations_end_exactly_at_the_ceiling(stores: Stores) {
    let _ = stores.organization(1).await;
    let ceiling = COUNT / 2 + 1;
    let (january, february) = (allowance(NOW, 10, ceiling), allowance(FEBRUARY, 10, ceiling));
    for (allowance, expected) in [(january, ceiling), (february, 0)] {
        let decided = together(CONTENDERS, |number| {
            let stores = stores.clone();
            let id = format!("{} {number}", allowance.period.starts_at);
            async move { stores.activate(allowance, &id).await }
        })
        .await;
        let activated =
            decided.iter().filter(|decision| matches!(decision, ActivationDecision::Activated(_)));
        assert_eq!(u64::try_from(activated.count()).unwrap(), expected);
        assert_eq!(stores.active_of(allowance).await, ceiling);
    }
}

async fn a_relationship_that_many_activate_takes_one_place(stores: Stores) {
    let _ = stores.organization(1).await;
    let one = allowance(NOW, 10, 1);
    let decided = together(CONTENDERS, |_| {
        let stores = stores.clone();
        async move { stores.activate(one, "a").await }
    })
    .await;
    let activated = decided.iter().filter(|decision| matches!(decision, ActivationDecision::Activated(_)));
    assert_eq!(activated.count(), 1);
    assert!(
        !decided.iter().any(|decision| matches!(decision, ActivationDecision::Exhausted(_))),
        "{decided:?}"
    );
    assert_eq!(stores.active_of(one).await, 1);
}

async fn activating_and_ending_leave_counters_that_agree(stores: Stores) {
    let organization = stores.organization(1).await;
    let periods = [NOW, FEBRUARY, MARCH].map(|at| allowance(at, 10, 2));
    for _ in 0..rounds() {
        let _ = together(CONTENDERS, |number| {
            let (stores, id) = (stores.clone(), (number % 3).to_string());
            let allowance = periods[number / 3 % 3];
            async move {
                if number.is_multiple_of(2) {
                    let _ = stores.activate(allowance, &id).await;
                } else {
                    let _ = stores.end(allowance, &id).await;
                }
            }
        })
        .await;
    }
    let environment = periods[0].environment;
    assert_eq!(stores.recount.miscounts(organization.id, environment).await.unwrap(), []);
}

fn used_when_counted(decision: TurnsDecision) -> u64 {
    match decision {
        TurnsDecision::Counted(snapshot) => snapshot.usage.turns,
        other => panic!("{other:?}"),
    }
}
