use std::time::Duration;

use countersign_domain::idempotency::ports::CallClaimed;
use countersign_domain::identity::Subject;
use countersign_domain::time::Timestamp;

use super::answered;
use crate::build::{NOW, call_claim, kept_answer, named_call, organization_id, subject};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        claims_and_answers_that_have_expired_are_removed,
        no_more_calls_are_removed_than_asked_for,
    ]
}

async fn claims_and_answers_that_have_expired_are_removed(stores: Stores) {
    let alice = subject("alice");
    let claim = call_claim(&named_call(&alice, "running"), NOW);
    assert_eq!(stores.claim_call(&claim).await, CallClaimed::Won);
    let kept = stores.answered(&call_claim(&named_call(&alice, "answered"), NOW)).await;
    let lease_end = NOW.saturating_add(claim.lease);
    let just_before = |instant: Timestamp| instant.saturating_sub(Duration::from_micros(1));
    let mut purged = Vec::new();
    for now in [just_before(lease_end), lease_end, just_before(kept.expires_at), kept.expires_at] {
        purged.push(stores.answers.purge_calls(now, 10).await.unwrap());
    }
    assert_eq!(purged, [0, 1, 0, 1]);
    assert!(!stores.keep_answer(&kept_answer(&claim)).await, "the claim is gone");
}

async fn no_more_calls_are_removed_than_asked_for(stores: Stores) {
    for number in 0..5 {
        let alice = Subject { organization: organization_id(1 + number % 2), ..subject("alice") };
        let call = named_call(&alice, &format!("{number}"));
        let _ = stores.answered(&call_claim(&call, NOW)).await;
    }
    let later = NOW.saturating_add(Duration::from_hours(1));
    let fresh = stores.answered(&call_claim(&named_call(&subject("alice"), "fresh"), later)).await;
    let mut purged = Vec::new();
    for limit in [0, 2, 2, 2, 2] {
        purged.push(stores.answers.purge_calls(later, limit).await.unwrap());
    }
    assert_eq!(purged, [0, 2, 2, 1, 0]);
    assert_eq!(stores.claim_call(&call_claim(&fresh.call, later)).await, answered(&fresh));
}
