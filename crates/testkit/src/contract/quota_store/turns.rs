//! Turns under a ceiling.

use countersign_domain::identity::Environment;
use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::plan::Ceiling;
use countersign_domain::quota::ports::Recorded;

use super::{FEBRUARY, counted, exhausted};
use crate::build::{NOW, allowance, consumption, organization_id, turns_event};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        turns_are_counted_up_to_the_ceiling,
        turns_that_do_not_fit_are_not_counted_in_part,
        smaller_calls_still_fit_after_a_larger_one_was_refused,
        nothing_fits_under_a_ceiling_of_zero,
        an_unlimited_plan_counts_on,
        a_ceiling_beyond_what_can_be_counted_counts_on,
        recorded_and_consumed_turns_add_up,
        facts_may_pass_the_ceiling_and_then_nothing_fits,
        a_ceiling_that_was_lowered_below_the_use_loses_nothing,
        accounts_and_periods_are_consumed_apart,
    ]
}

async fn turns_are_counted_up_to_the_ceiling(stores: Stores) {
    let _ = stores.organization(1).await;
    let ten = allowance(NOW, 10, 5);
    assert_eq!(stores.consume(consumption(ten, 4)).await, counted(ten, 4));
    assert_eq!(stores.consume(consumption(ten, 6)).await, counted(ten, 10));
    assert_eq!(stores.consume(consumption(ten, 1)).await, exhausted(ten, 10));
    assert_eq!(stores.turns_of(ten).await, 10);
}

async fn turns_that_do_not_fit_are_not_counted_in_part(stores: Stores) {
    let _ = stores.organization(1).await;
    let ten = allowance(NOW, 10, 5);
    assert_eq!(stores.consume(consumption(ten, 11)).await, exhausted(ten, 0));
    assert_eq!(stores.consume(consumption(ten, u32::MAX)).await, exhausted(ten, 0));
    assert_eq!(stores.turns_of(ten).await, 0);
}

async fn smaller_calls_still_fit_after_a_larger_one_was_refused(stores: Stores) {
    let _ = stores.organization(1).await;
    let ten = allowance(NOW, 10, 5);
    assert_eq!(stores.consume(consumption(ten, 8)).await, counted(ten, 8));
    assert_eq!(stores.consume(consumption(ten, 3)).await, exhausted(ten, 8));
    assert_eq!(stores.consume(consumption(ten, 2)).await, counted(ten, 10));
}

async fn nothing_fits_under_a_ceiling_of_zero(stores: Stores) {
    let _ = stores.organization(1).await;
    let nothing = allowance(NOW, 0, 0);
    assert_eq!(stores.consume(consumption(nothing, 1)).await, exhausted(nothing, 0));
}

async fn an_unlimited_plan_counts_on(stores: Stores) {
    let _ = stores.organization(1).await;
    let unlimited = Allowance { turns: Ceiling::Unlimited, ..allowance(NOW, 0, 0) };
    assert_eq!(stores.consume(consumption(unlimited, u32::MAX)).await, counted(unlimited, u32::MAX.into()));
    let twice = 2 * u64::from(u32::MAX);
    assert_eq!(stores.consume(consumption(unlimited, u32::MAX)).await, counted(unlimited, twice));
}

async fn a_ceiling_beyond_what_can_be_counted_counts_on(stores: Stores) {
    let _ = stores.organization(1).await;
    let most = allowance(NOW, i64::MAX.unsigned_abs(), 5);
    assert_eq!(stores.consume(consumption(most, u32::MAX)).await, counted(most, u32::MAX.into()));
}

async fn recorded_and_consumed_turns_add_up(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let ten = allowance(NOW, 10, 5);
    let recorded = stores.usage.record(organization, Environment::Live, vec![turns_event("a", 3, NOW)]).await;
    assert_eq!(recorded.unwrap(), [Recorded::Counted]);
    assert_eq!(stores.consume(consumption(ten, 7)).await, counted(ten, 10));
    assert_eq!(stores.consume(consumption(ten, 1)).await, exhausted(ten, 10));
}

async fn facts_may_pass_the_ceiling_and_then_nothing_fits(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let ten = allowance(NOW, 10, 5);
    assert_eq!(stores.consume(consumption(ten, 10)).await, counted(ten, 10));
    let events = vec![turns_event("a", 5, NOW)];
    let recorded = stores.usage.record(organization, Environment::Live, events).await;
    assert_eq!(recorded.unwrap(), [Recorded::Counted]);
    assert_eq!(stores.consume(consumption(ten, 1)).await, exhausted(ten, 15));
}

async fn a_ceiling_that_was_lowered_below_the_use_loses_nothing(stores: Stores) {
    let _ = stores.organization(1).await;
    let (ten, five) = (allowance(NOW, 10, 5), allowance(NOW, 5, 5));
    assert_eq!(stores.consume(consumption(ten, 8)).await, counted(ten, 8));
    assert_eq!(stores.consume(consumption(five, 1)).await, exhausted(five, 8));
    assert_eq!(stores.consume(consumption(ten, 2)).await, counted(ten, 10));
}

async fn accounts_and_periods_are_consumed_apart(stores: Stores) {
    let (_, _) = (stores.organization(1).await, stores.organization(2).await);
    let one = allowance(NOW, 3, 5);
    let others = [
        Allowance { organization: organization_id(2), ..one },
        Allowance { environment: Environment::Test, ..one },
        allowance(FEBRUARY, 3, 5),
    ];
    assert_eq!(stores.consume(consumption(one, 3)).await, counted(one, 3));
    for other in others {
        assert_eq!(stores.consume(consumption(other, 3)).await, counted(other, 3));
    }
    assert_eq!(stores.turns_of(one).await, 3);
}
