//! Relationships over several billing periods.

use countersign_domain::identity::Environment;
use countersign_domain::quota::ports::UsageEvent;

use super::{FEBRUARY, MARCH, activated, already_active, ended, no_room};
use crate::build::{NOW, allowance, organization_id, relationship_event};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        one_stays_active_in_later_periods,
        a_new_period_begins_with_those_that_are_still_active,
        an_ended_one_frees_its_place_with_the_next_period,
        one_can_come_back_in_a_later_period,
        a_period_in_which_nothing_happened_counts_too,
        a_recorded_one_counts_in_its_period_only,
        an_activation_takes_in_what_was_recorded_for_later,
        what_is_recorded_late_counts_in_its_own_period,
        a_node_whose_clock_is_behind_agrees_with_one_that_is_ahead,
    ]
}

async fn record(stores: &Stores, event: UsageEvent) {
    let recorded = stores.usage.record(organization_id(1), Environment::Live, vec![event]).await;
    drop(recorded.unwrap());
}

async fn one_stays_active_in_later_periods(stores: Stores) {
    let _ = stores.organization(1).await;
    let (january, march) = (allowance(NOW, 10, 1), allowance(MARCH, 10, 1));
    assert_eq!(stores.activate(january, "a").await, activated(january, 1));
    assert_eq!(stores.active_of(march).await, 1);
    assert_eq!(stores.activate(march, "a").await, already_active(march, 1));
    assert_eq!(stores.active_of(january).await, 1);
}

async fn a_new_period_begins_with_those_that_are_still_active(stores: Stores) {
    let _ = stores.organization(1).await;
    let (january, february) = (allowance(NOW, 10, 3), allowance(FEBRUARY, 10, 3));
    for (id, active) in [("a", 1), ("b", 2)] {
        assert_eq!(stores.activate(january, id).await, activated(january, active));
    }
    assert_eq!(stores.activate(february, "c").await, activated(february, 3));
    assert_eq!(stores.activate(february, "d").await, no_room(february, 3));
    assert_eq!(stores.active_of(january).await, 2);
}

async fn an_ended_one_frees_its_place_with_the_next_period(stores: Stores) {
    let _ = stores.organization(1).await;
    let (january, february) = (allowance(NOW, 10, 1), allowance(FEBRUARY, 10, 1));
    assert_eq!(stores.activate(january, "a").await, activated(january, 1));
    assert_eq!(stores.end(january, "a").await, ended(january, true, 1));
    assert_eq!(stores.active_of(february).await, 0);
    assert_eq!(stores.activate(february, "b").await, activated(february, 1));
    assert_eq!(stores.activate(february, "a").await, no_room(february, 1));
}

async fn one_can_come_back_in_a_later_period(stores: Stores) {
    let _ = stores.organization(1).await;
    let [january, february, march] = [NOW, FEBRUARY, MARCH].map(|at| allowance(at, 10, 5));
    assert_eq!(stores.activate(january, "a").await, activated(january, 1));
    assert_eq!(stores.end(january, "a").await, ended(january, true, 1));
    assert_eq!(stores.activate(march, "a").await, activated(march, 1));
    for (period, active) in [(january, 1), (february, 0), (march, 1)] {
        assert_eq!(stores.active_of(period).await, active);
    }
    assert_eq!(stores.end(march, "a").await, ended(march, true, 1));
}

async fn a_period_in_which_nothing_happened_counts_too(stores: Stores) {
    let _ = stores.organization(1).await;
    let [january, february, march] = [NOW, FEBRUARY, MARCH].map(|at| allowance(at, 10, 5));
    assert_eq!(stores.activate(january, "a").await, activated(january, 1));
    assert_eq!(stores.active_of(february).await, 1);
    assert_eq!(stores.end(march, "a").await, ended(march, true, 1));
    assert_eq!(stores.active_of(february).await, 1);
}

async fn a_recorded_one_counts_in_its_period_only(stores: Stores) {
    let _ = stores.organization(1).await;
    let (january, february) = (allowance(NOW, 10, 1), allowance(FEBRUARY, 10, 1));
    record(&stores, relationship_event("e", "a", NOW)).await;
    assert_eq!((stores.active_of(january).await, stores.active_of(february).await), (1, 0));
    assert_eq!(stores.activate(february, "b").await, activated(february, 1));
}

async fn an_activation_takes_in_what_was_recorded_for_later(stores: Stores) {
    let _ = stores.organization(1).await;
    let [january, february, march] = [NOW, FEBRUARY, MARCH].map(|at| allowance(at, 10, 5));
    record(&stores, relationship_event("e", "a", FEBRUARY)).await;
    record(&stores, relationship_event("f", "a", MARCH)).await;
    assert_eq!(stores.activate(january, "a").await, activated(january, 1));
    for period in [january, february, march] {
        assert_eq!(stores.active_of(period).await, 1);
    }
    assert_eq!(stores.activate(march, "a").await, already_active(march, 1));
}

async fn what_is_recorded_late_counts_in_its_own_period(stores: Stores) {
    let _ = stores.organization(1).await;
    let [january, february, march] = [NOW, FEBRUARY, MARCH].map(|at| allowance(at, 10, 5));
    assert_eq!(stores.activate(march, "a").await, activated(march, 1));
    record(&stores, relationship_event("e", "a", NOW)).await;
    for (period, active) in [(january, 1), (february, 0), (march, 1)] {
        assert_eq!(stores.active_of(period).await, active);
    }
}

async fn a_node_whose_clock_is_behind_agrees_with_one_that_is_ahead(stores: Stores) {
    let _ = stores.organization(1).await;
    let [january, february, march] = [NOW, FEBRUARY, MARCH].map(|at| allowance(at, 10, 5));
    assert_eq!(stores.activate(february, "a").await, activated(february, 1));
    assert_eq!(stores.activate(january, "a").await, activated(january, 1));
    assert_eq!(stores.activate(february, "a").await, already_active(february, 1));
    assert_eq!(stores.activate(february, "b").await, activated(february, 2));
    assert_eq!(stores.end(january, "b").await, ended(january, true, 1));
    for (period, active) in [(january, 1), (february, 2), (march, 1)] {
        assert_eq!(stores.active_of(period).await, active);
    }
}
