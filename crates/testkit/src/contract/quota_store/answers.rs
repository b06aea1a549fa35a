//! Calls that are sent again.

use std::time::Duration;

use countersign_domain::identity::Environment;
use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::quota_ports::TurnsDecision;
use countersign_domain::quota::snapshot::Usage;

use super::{FEBRUARY, counted, exhausted};
use crate::build::{NOW, allowance, consumption, organization_id, repeatable};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_repetition_counts_nothing_and_is_told_the_same,
        a_repetition_is_told_the_same_when_the_quota_is_used_up,
        a_repetition_is_told_the_same_on_another_plan_and_in_the_next_period,
        a_key_belongs_to_one_number_of_turns,
        a_call_that_found_no_room_is_decided_anew,
        keys_of_other_accounts_are_other_keys,
        keys_are_compared_byte_by_byte,
        an_answer_is_kept_until_its_end_and_no_longer,
        purging_removes_what_is_over_and_nothing_else,
    ]
}

fn told(allowance: Allowance, turns: u64) -> TurnsDecision {
    TurnsDecision::Repeated(allowance.snapshot(Usage { turns, ..Usage::default() }))
}

async fn a_repetition_counts_nothing_and_is_told_the_same(stores: Stores) {
    let _ = stores.organization(1).await;
    let ten = allowance(NOW, 10, 5);
    assert_eq!(stores.consume(repeatable(ten, 4, "k", NOW)).await, counted(ten, 4));
    assert_eq!(stores.consume(consumption(ten, 1)).await, counted(ten, 5));
    for _ in 0..3 {
        assert_eq!(stores.consume(repeatable(ten, 4, "k", NOW)).await, told(ten, 4));
    }
    assert_eq!(stores.consume(repeatable(ten, 4, "other", NOW)).await, counted(ten, 9));
    assert_eq!(stores.turns_of(ten).await, 9);
}

async fn a_repetition_is_told_the_same_when_the_quota_is_used_up(stores: Stores) {
    let _ = stores.organization(1).await;
    let ten = allowance(NOW, 10, 5);
    assert_eq!(stores.consume(repeatable(ten, 4, "k", NOW)).await, counted(ten, 4));
    assert_eq!(stores.consume(consumption(ten, 6)).await, counted(ten, 10));
    assert_eq!(stores.consume(repeatable(ten, 4, "k", NOW)).await, told(ten, 4));
    assert_eq!(stores.consume(repeatable(ten, 4, "other", NOW)).await, exhausted(ten, 10));
}

async fn a_repetition_is_told_the_same_on_another_plan_and_in_the_next_period(stores: Stores) {
    let _ = stores.organization(1).await;
    let (ten, twenty, february) = (allowance(NOW, 10, 5), allowance(NOW, 20, 6), allowance(FEBRUARY, 10, 5));
    assert_eq!(stores.consume(repeatable(ten, 4, "k", NOW)).await, counted(ten, 4));
    assert_eq!(stores.consume(repeatable(twenty, 4, "k", NOW)).await, told(ten, 4));
    assert_eq!(stores.consume(repeatable(february, 4, "k", NOW)).await, told(ten, 4));
    assert_eq!((stores.turns_of(ten).await, stores.turns_of(february).await), (4, 0));
}

async fn a_key_belongs_to_one_number_of_turns(stores: Stores) {
    let _ = stores.organization(1).await;
    let ten = allowance(NOW, 10, 5);
    assert_eq!(stores.consume(repeatable(ten, 4, "k", NOW)).await, counted(ten, 4));
    for turns in [3, 5, 100] {
        assert_eq!(stores.consume(repeatable(ten, turns, "k", NOW)).await, TurnsDecision::OtherCall);
    }
    assert_eq!(stores.turns_of(ten).await, 4);
}

async fn a_call_that_found_no_room_is_decided_anew(stores: Stores) {
    let _ = stores.organization(1).await;
    let (three, ten) = (allowance(NOW, 3, 5), allowance(NOW, 10, 5));
    assert_eq!(stores.consume(repeatable(three, 4, "k", NOW)).await, exhausted(three, 0));
    assert_eq!(stores.consume(repeatable(ten, 5, "k", NOW)).await, counted(ten, 5));
    assert_eq!(stores.consume(repeatable(three, 5, "k", NOW)).await, told(ten, 5));
}

async fn keys_of_other_accounts_are_other_keys(stores: Stores) {
    let (_, _) = (stores.organization(1).await, stores.organization(2).await);
    let one = allowance(NOW, 10, 5);
    let other = Allowance { organization: organization_id(2), ..one };
    let test = Allowance { environment: Environment::Test, ..one };
    for (turns, allowance) in [(1, one), (2, other), (3, test)] {
        assert_eq!(
            stores.consume(repeatable(allowance, turns, "k", NOW)).await,
            counted(allowance, turns.into())
        );
    }
}

async fn keys_are_compared_byte_by_byte(stores: Stores) {
    let _ = stores.organization(1).await;
    let twenty = allowance(NOW, 20, 5);
    let longest = "k".repeat(255);
    for (before, key) in (0..).zip(["key", "Key", "key ", " key", "ke%", "'", "1", "01", "1.0", &longest]) {
        assert_eq!(
            stores.consume(repeatable(twenty, 1, key, NOW)).await,
            counted(twenty, before + 1),
            "{key}"
        );
    }
}

async fn an_answer_is_kept_until_its_end_and_no_longer(stores: Stores) {
    let _ = stores.organization(1).await;
    let ten = allowance(NOW, 10, 5);
    let end = NOW.saturating_add(Duration::from_hours(24));
    assert_eq!(stores.consume(repeatable(ten, 4, "k", NOW)).await, counted(ten, 4));
    let before_end = end.saturating_sub(Duration::from_micros(1));
    assert_eq!(stores.consume(repeatable(ten, 4, "k", before_end)).await, told(ten, 4));
    assert_eq!(stores.consume(repeatable(ten, 3, "k", end)).await, counted(ten, 7));
    assert_eq!(stores.consume(repeatable(ten, 3, "k", end)).await, told(ten, 7));
}

async fn purging_removes_what_is_over_and_nothing_else(stores: Stores) {
    let (_, _) = (stores.organization(1).await, stores.organization(2).await);
    let one = allowance(NOW, 100, 5);
    let other = Allowance { organization: organization_id(2), ..one };
    let end = NOW.saturating_add(Duration::from_hours(24));
    for (allowance, key) in [(one, "a"), (one, "b"), (other, "a")] {
        assert!(stores.consume(repeatable(allowance, 1, key, NOW)).await.is_counted());
    }
    let later = NOW.saturating_add(Duration::from_micros(1));
    assert!(stores.consume(repeatable(one, 1, "later", later)).await.is_counted());
    let before_end = end.saturating_sub(Duration::from_micros(1));
    assert_eq!(stores.quotas.purge_answers(before_end, 10).await.unwrap(), 0);
    assert_eq!(stores.quotas.purge_answers(end, 2).await.unwrap(), 2);
    assert_eq!(stores.quotas.purge_answers(end, 2).await.unwrap(), 1);
    assert_eq!(stores.quotas.purge_answers(end, 2).await.unwrap(), 0);
    assert_eq!(stores.consume(repeatable(one, 1, "later", end)).await, told(one, 3));
    assert_eq!(stores.turns_of(one).await, 3);
}
