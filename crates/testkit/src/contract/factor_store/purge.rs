//! Removing what nobody confirmed in time.

use std::time::Duration;

use countersign_domain::identity::Subject;
use countersign_domain::two_factor::ports::{SetupClaim, SetupClaimed};

use super::{stored_enabled, stored_pending};
use crate::arrange;
use crate::build::{NOW, organization_id, setup_claim, subject};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        what_has_expired_is_removed_with_its_codes,
        no_more_are_removed_than_asked_for,
        what_has_not_expired_stays,
        enabled_factors_stay,
        set_ups_stay_counted_when_one_is_purged,
    ]
}

async fn what_has_expired_is_removed_with_its_codes(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    assert_eq!(stores.factors.purge_expired(setup.factor.expires_at, 10).await.unwrap(), 1);
    assert_eq!(stores.find(&alice).await, None);
    assert_eq!(stores.keys_in_use().await, []);
    assert_eq!(stores.factors.purge_expired(setup.factor.expires_at, 10).await.unwrap(), 0);
}

async fn no_more_are_removed_than_asked_for(stores: Stores) {
    for number in 0..5 {
        let organization = organization_id(1 + number % 2);
        let user = Subject { organization, ..subject(&format!("user {number}")) };
        let _ = arrange::pending(&*stores.factors, &user, NOW).await;
    }
    let later = NOW.saturating_add(Duration::from_hours(1));
    let mut purged = Vec::new();
    for limit in [0, 2, 2, 2, 2] {
        purged.push(stores.factors.purge_expired(later, limit).await.unwrap());
    }
    assert_eq!(purged, [0, 2, 2, 1, 0]);
}

async fn what_has_not_expired_stays(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    let last_moment = setup.factor.expires_at.saturating_sub(Duration::from_micros(1));
    assert_eq!(stores.factors.purge_expired(last_moment, u32::MAX).await.unwrap(), 0);
    assert_eq!(stores.find(&alice).await, Some(stored_pending(setup.factor)));
}

async fn enabled_factors_stay(stores: Stores) {
    let (alice, bob) = (subject("alice"), subject("bob"));
    let enabled = arrange::enabled(&*stores.factors, &alice, NOW).await;
    let _ = arrange::pending(&*stores.factors, &bob, NOW).await;
    let years_later = NOW.saturating_add(Duration::from_hours(24 * 1_000));
    assert_eq!(stores.factors.purge_expired(years_later, u32::MAX).await.unwrap(), 1);
    assert_eq!(stores.find(&alice).await, Some(stored_enabled(enabled)));
    assert_eq!(stores.find(&bob).await, None);
}

async fn set_ups_stay_counted_when_one_is_purged(stores: Stores) {
    let alice = subject("alice");
    let expires_at = arrange::pending(&*stores.factors, &alice, NOW).await.factor.expires_at;
    assert_eq!(stores.factors.purge_expired(expires_at, 10).await.unwrap(), 1);
    let claim = SetupClaim { most: 1, ..setup_claim(&alice, expires_at) };
    let retry_at = NOW.saturating_add(claim.window);
    assert_eq!(stores.factors.claim_setup(claim).await.unwrap(), SetupClaimed::TooMany { retry_at });
}
