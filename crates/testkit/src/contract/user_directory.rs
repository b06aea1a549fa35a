//! The contract of [`UserDirectory`](countersign_domain::two_factor::directory::UserDirectory).

use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::{Environment, Subject, UserId};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::directory::{Coverage, FactorState, ListedFactor, ListedUser, UserQuery};
use countersign_domain::two_factor::reset::ResetReason;

use super::case::cases;
use super::{Case, Stores};
use crate::arrange;
use crate::build::{NOW, event_about_user, organization_id, subject, subject_in};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        an_organization_without_factors_has_no_users,
        users_come_by_ascending_id_with_the_state_of_their_factors,
        only_users_in_a_state_are_found_where_it_is_asked_for,
        pages_follow_each_other,
        an_expired_set_up_counts_as_none,
        a_user_whose_factor_was_removed_is_not_kept,
        organizations_and_environments_never_mix,
    ]
}

fn everybody() -> UserQuery {
    UserQuery {
        organization: organization_id(1),
        environment: Environment::Live,
        state: None,
        now: NOW,
        after: None,
        limit: 100,
    }
}

impl Stores {
    async fn users(&self, query: UserQuery) -> Vec<ListedUser> {
        self.users.page(query).await.unwrap()
    }

    async fn user_names(&self, query: UserQuery) -> Vec<String> {
        self.users(query).await.into_iter().map(|user| user.user.to_string()).collect()
    }

    async fn coverage(&self, now: Timestamp) -> Coverage {
        self.users.coverage(organization_id(1), Environment::Live, now).await.unwrap()
    }

    async fn enable(&self, subject: &Subject) {
        let _ = arrange::enabled(&*self.factors, subject, NOW).await;
    }

    async fn begin(&self, subject: &Subject) {
        let _ = arrange::pending(&*self.factors, subject, NOW).await;
    }
}

fn expiry() -> Timestamp {
    NOW.saturating_add(Duration::from_mins(10))
}

async fn an_organization_without_factors_has_no_users(stores: Stores) {
    assert_eq!(stores.users(everybody()).await, []);
    assert_eq!(stores.coverage(NOW).await, Coverage::default());
}

async fn users_come_by_ascending_id_with_the_state_of_their_factors(stores: Stores) {
    for user in ["b", "a", "Z", "~", "10", "9", "a b", "aa"] {
        stores.enable(&subject(user)).await;
    }
    stores.begin(&subject("a-pending")).await;
    let enabled = ListedFactor::Enabled { enabled_at: NOW };
    let pending = ListedFactor::Pending { expires_at: expiry() };
    let listed = |(user, factor)| ListedUser { user: UserId::new(user).unwrap(), factor };
    let expected = [
        ("10", enabled),
        ("9", enabled),
        ("Z", enabled),
        ("a", enabled),
        ("a b", enabled),
        ("a-pending", pending),
        ("aa", enabled),
        ("b", enabled),
        ("~", enabled),
    ];
    assert_eq!(stores.users(everybody()).await, expected.map(listed));
    assert_eq!(stores.coverage(NOW).await, Coverage { enabled: 8, pending: 1 });
}

async fn only_users_in_a_state_are_found_where_it_is_asked_for(stores: Stores) {
    for user in ["a", "c"] {
        stores.enable(&subject(user)).await;
        stores.begin(&subject(&format!("{user}-pending"))).await;
    }
    for (state, expected) in
        [(FactorState::Enabled, ["a", "c"]), (FactorState::Pending, ["a-pending", "c-pending"])]
    {
        assert_eq!(stores.user_names(UserQuery { state: Some(state), ..everybody() }).await, expected);
    }
}

async fn pages_follow_each_other(stores: Stores) {
    let mut all = Vec::new();
    for number in 0..7 {
        stores.enable(&subject(&format!("user-{number}"))).await;
        all.push(format!("user-{number}"));
        stores.begin(&subject(&format!("user-{number}-pending"))).await;
        all.push(format!("user-{number}-pending"));
    }
    let enabled: Vec<_> = all.iter().step_by(2).cloned().collect();
    for (state, expected) in [(None, all), (Some(FactorState::Enabled), enabled)] {
        for limit in [1, 3, 100] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let query = UserQuery { state, limit, after, ..everybody() };
                let page = stores.users(query).await;
                let Some(last) = page.last() else { break };
                assert!(page.len() <= usize::try_from(limit).unwrap());
                after = Some(last.user.clone());
                found.extend(page.into_iter().map(|user| user.user.to_string()));
            }
            assert_eq!(found, expected);
        }
    }
    assert_eq!(stores.users(UserQuery { limit: 0, ..everybody() }).await, []);
}

async fn an_expired_set_up_counts_as_none(stores: Stores) {
    stores.begin(&subject("alice")).await;
    let last_moment = expiry().saturating_sub(Duration::from_micros(1));
    for (now, pending) in [(last_moment, 1), (expiry(), 0)] {
        for state in [None, Some(FactorState::Pending)] {
            let users = stores.users(UserQuery { now, state, ..everybody() }).await;
            assert_eq!(users.len(), usize::try_from(pending).unwrap());
        }
        assert_eq!(stores.coverage(now).await, Coverage { enabled: 0, pending });
    }
}

async fn a_user_whose_factor_was_removed_is_not_kept(stores: Stores) {
    let alice = subject("alice");
    stores.enable(&alice).await;
    let reason = ResetReason::new("lost phone").unwrap();
    let audit = event_about_user(&alice, SecurityEvent::Reset { reason }, NOW);
    assert!(stores.proofs.remove(&alice, audit).await.unwrap());
    assert_eq!(stores.users(everybody()).await, []);
    assert_eq!(stores.coverage(NOW).await, Coverage::default());
}

async fn organizations_and_environments_never_mix(stores: Stores) {
    let places = [
        (organization_id(1), Environment::Live, "one-live"),
        (organization_id(1), Environment::Test, "one-test"),
        (organization_id(2), Environment::Live, "two-live"),
    ];
    for (organization, environment, user) in places {
        stores.enable(&subject_in(organization, environment, user)).await;
    }
    for (organization, environment, user) in places {
        for state in [None, Some(FactorState::Enabled)] {
            let query = UserQuery { organization, environment, state, ..everybody() };
            assert_eq!(stores.user_names(query).await, [user]);
        }
        let coverage = stores.users.coverage(organization, environment, NOW).await.unwrap();
        assert_eq!(coverage, Coverage { enabled: 1, pending: 0 });
    }
}
