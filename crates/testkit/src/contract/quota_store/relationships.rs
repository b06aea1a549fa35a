//! Active relationships under a ceiling, within one billing period.

use countersign_domain::identity::Environment;
use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::plan::Ceiling;
use countersign_domain::quota::ports::Recorded;

use super::{activated, already_active, ended, no_room};
use crate::build::{NOW, allowance, organization_id, relationship_event};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        relationships_are_active_up_to_the_ceiling,
        one_that_is_active_needs_no_room,
        one_that_ended_in_the_period_still_counts_in_it,
        one_that_ended_in_the_period_comes_back_without_room,
        ending_what_is_not_active_changes_nothing,
        recorded_and_activated_count_once,
        an_unlimited_plan_has_room,
        ids_are_compared_byte_by_byte,
        accounts_have_relationships_of_their_own,
    ]
}

async fn relationships_are_active_up_to_the_ceiling(stores: Stores) {
    let _ = stores.organization(1).await;
    let two = allowance(NOW, 10, 2);
    assert_eq!(stores.activate(two, "a").await, activated(two, 1));
    assert_eq!(stores.activate(two, "b").await, activated(two, 2));
    assert_eq!(stores.activate(two, "c").await, no_room(two, 2));
    assert_eq!(stores.active_of(two).await, 2);
}

async fn one_that_is_active_needs_no_room(stores: Stores) {
    let _ = stores.organization(1).await;
    let (one, none) = (allowance(NOW, 10, 1), allowance(NOW, 10, 0));
    assert_eq!(stores.activate(one, "a").await, activated(one, 1));
    assert_eq!(stores.activate(one, "a").await, already_active(one, 1));
    assert_eq!(stores.activate(none, "a").await, already_active(none, 1));
    assert_eq!(stores.activate(none, "b").await, no_room(none, 1));
}

async fn one_that_ended_in_the_period_still_counts_in_it(stores: Stores) {
    let _ = stores.organization(1).await;
    let one = allowance(NOW, 10, 1);
    assert_eq!(stores.activate(one, "a").await, activated(one, 1));
    assert_eq!(stores.end(one, "a").await, ended(one, true, 1));
    assert_eq!(stores.activate(one, "b").await, no_room(one, 1));
}

async fn one_that_ended_in_the_period_comes_back_without_room(stores: Stores) {
    let _ = stores.organization(1).await;
    let one = allowance(NOW, 10, 1);
    for _ in 0..3 {
        assert_eq!(stores.activate(one, "a").await, activated(one, 1));
        assert_eq!(stores.activate(one, "a").await, already_active(one, 1));
        assert_eq!(stores.end(one, "a").await, ended(one, true, 1));
    }
}

async fn ending_what_is_not_active_changes_nothing(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let two = allowance(NOW, 10, 2);
    assert_eq!(stores.end(two, "a").await, ended(two, false, 0));
    assert_eq!(stores.activate(two, "a").await, activated(two, 1));
    assert_eq!(stores.end(two, "a").await, ended(two, true, 1));
    assert_eq!(stores.end(two, "a").await, ended(two, false, 1));
    let recorded =
        stores.usage.record(organization, Environment::Live, vec![relationship_event("e", "b", NOW)]);
    assert_eq!(recorded.await.unwrap(), [Recorded::Counted]);
    assert_eq!(stores.end(two, "b").await, ended(two, false, 2));
}

async fn recorded_and_activated_count_once(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let two = allowance(NOW, 10, 2);
    assert_eq!(stores.activate(two, "a").await, activated(two, 1));
    let events = vec![relationship_event("1", "a", NOW), relationship_event("2", "b", NOW)];
    let recorded = stores.usage.record(organization, Environment::Live, events).await;
    assert_eq!(recorded.unwrap(), [Recorded::Counted; 2]);
    assert_eq!(stores.active_of(two).await, 2);
    assert_eq!(stores.activate(two, "b").await, activated(two, 2));
    assert_eq!(stores.activate(two, "c").await, no_room(two, 2));
}

async fn an_unlimited_plan_has_room(stores: Stores) {
    let _ = stores.organization(1).await;
    let unlimited = Allowance { relationships: Ceiling::Unlimited, ..allowance(NOW, 0, 0) };
    for number in 1..=20 {
        assert_eq!(stores.activate(unlimited, &number.to_string()).await, activated(unlimited, number));
    }
}

async fn ids_are_compared_byte_by_byte(stores: Stores) {
    let _ = stores.organization(1).await;
    let many = allowance(NOW, 10, 20);
    let longest = "a".repeat(255);
    for (before, id) in (0..).zip(["id", "Id", "id ", " id", "i%", "a/b", "'", "1", "01", "1.0", &longest]) {
        assert_eq!(stores.activate(many, id).await, activated(many, before + 1), "{id}");
    }
}

async fn accounts_have_relationships_of_their_own(stores: Stores) {
    let (_, _) = (stores.organization(1).await, stores.organization(2).await);
    let one = allowance(NOW, 10, 1);
    let other = Allowance { organization: organization_id(2), ..one };
    let test = Allowance { environment: Environment::Test, ..one };
    for allowance in [one, other, test] {
        assert_eq!(stores.end(allowance, "a").await, ended(allowance, false, 0));
        assert_eq!(stores.activate(allowance, "a").await, activated(allowance, 1));
    }
    assert_eq!(stores.end(other, "a").await, ended(other, true, 1));
    assert_eq!(stores.activate(one, "a").await, already_active(one, 1));
}
