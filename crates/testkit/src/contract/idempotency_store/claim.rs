use std::time::Duration;

use countersign_domain::idempotency::call::{NamedCall, RequestDigest};
use countersign_domain::idempotency::ports::CallClaimed;
use countersign_domain::identity::{Environment, RequestId};

use crate::build::{
    NOW, call_claim, fresh_ulid, kept_answer, named_call, organization_id, subject, subject_in,
};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_repetition_of_a_running_call_is_told_so,
        another_request_under_the_name_of_a_running_call_is_another_call,
        a_call_that_was_given_up_can_be_claimed_for_another_request,
        only_the_holder_gives_a_call_up,
        a_claim_ends_with_its_lease,
        whoever_lost_the_claim_keeps_no_answer,
        names_belong_to_one_caller_in_one_environment,
    ]
}

fn other_request(call: &NamedCall) -> NamedCall {
    NamedCall { request: RequestDigest::of([b"another request".as_slice()]), ..call.clone() }
}

async fn a_repetition_of_a_running_call_is_told_so(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, CallClaimed::Won);
    assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, CallClaimed::InProgress);
}

async fn another_request_under_the_name_of_a_running_call_is_another_call(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, CallClaimed::Won);
    let other = call_claim(&other_request(&call), NOW);
    assert_eq!(stores.claim_call(&other).await, CallClaimed::OtherCall);
}

async fn a_call_that_was_given_up_can_be_claimed_for_another_request(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    let claim = call_claim(&call, NOW);
    assert_eq!(stores.claim_call(&claim).await, CallClaimed::Won);
    stores.answers.release_call(&call, claim.request).await.unwrap();
    let other = call_claim(&other_request(&call), NOW);
    assert_eq!(stores.claim_call(&other).await, CallClaimed::Won);
    assert!(!stores.keep_answer(&kept_answer(&claim)).await);
    assert!(stores.keep_answer(&kept_answer(&other)).await);
}

async fn only_the_holder_gives_a_call_up(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, CallClaimed::Won);
    stores.answers.release_call(&call, RequestId::new(fresh_ulid())).await.unwrap();
    assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, CallClaimed::InProgress);
}

async fn a_claim_ends_with_its_lease(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    let claim = call_claim(&call, NOW);
    let end = NOW.saturating_add(claim.lease);
    assert_eq!(stores.claim_call(&claim).await, CallClaimed::Won);
    let just_before = call_claim(&call, end.saturating_sub(Duration::from_micros(1)));
    assert_eq!(stores.claim_call(&just_before).await, CallClaimed::InProgress);
    // Whatever is asked then: what has expired is not there.
    assert_eq!(stores.claim_call(&call_claim(&other_request(&call), end)).await, CallClaimed::Won);
    assert_eq!(stores.claim_call(&call_claim(&call, end)).await, CallClaimed::OtherCall);
}

async fn whoever_lost_the_claim_keeps_no_answer(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    let slow = call_claim(&call, NOW);
    assert!(!stores.keep_answer(&kept_answer(&slow)).await, "there is no claim at all");
    assert_eq!(stores.claim_call(&slow).await, CallClaimed::Won);
    let next = call_claim(&call, NOW.saturating_add(slow.lease));
    assert_eq!(stores.claim_call(&next).await, CallClaimed::Won);
    assert!(!stores.keep_answer(&kept_answer(&slow)).await);
    stores.answers.release_call(&call, slow.request).await.unwrap();
    let kept = kept_answer(&next);
    assert!(stores.keep_answer(&kept).await);
    assert_eq!(stores.claim_call(&call_claim(&call, next.now)).await, super::answered(&kept));
}

async fn names_belong_to_one_caller_in_one_environment(stores: Stores) {
    let callers = [
        subject("alice"),
        subject("bob"),
        subject_in(organization_id(1), Environment::Test, "alice"),
        subject_in(organization_id(2), Environment::Live, "alice"),
    ];
    let mut kept = Vec::new();
    for caller in &callers {
        kept.push(stores.answered(&call_claim(&named_call(caller, "one"), NOW)).await);
    }
    for (caller, kept) in callers.iter().zip(kept) {
        let again = call_claim(&named_call(caller, "one"), NOW);
        assert_eq!(stores.claim_call(&again).await, super::answered(&kept));
    }
}
