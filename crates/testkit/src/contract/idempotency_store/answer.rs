use std::time::Duration;

use countersign_domain::idempotency::call::{NamedCall, RequestDigest};
use countersign_domain::idempotency::ports::{CallClaimed, KeptAnswer};
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::secret::SealedSecret;

use super::answered;
use crate::build::{NOW, call_claim, kept_answer, named_call, subject};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_repetition_gets_the_answer_as_it_was_kept,
        another_request_under_the_name_of_an_answer_is_another_call,
        the_first_answer_stays,
        an_answer_is_not_given_up,
        an_answer_outlives_the_lease_and_ends_at_its_instant,
    ]
}

async fn a_repetition_gets_the_answer_as_it_was_kept(stores: Stores) {
    let unusual =
        [(KeyId(0), vec![0]), (KeyId(7), vec![0xFF; 100_000]), (KeyId(u32::MAX), (0..=255).collect())];
    for (number, (key, bytes)) in (0..).zip(unusual) {
        let call = named_call(&subject("alice"), &format!("{number}"));
        let claim = call_claim(&call, NOW);
        assert_eq!(stores.claim_call(&claim).await, CallClaimed::Won);
        let kept = KeptAnswer { answer: SealedSecret { key, bytes }, ..kept_answer(&claim) };
        assert!(stores.keep_answer(&kept).await);
        for _ in 0..2 {
            assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, answered(&kept));
        }
    }
}

async fn another_request_under_the_name_of_an_answer_is_another_call(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    let kept = stores.answered(&call_claim(&call, NOW)).await;
    let request = RequestDigest::of([b"another request".as_slice()]);
    let other = call_claim(&NamedCall { request, ..call.clone() }, NOW);
    assert_eq!(stores.claim_call(&other).await, CallClaimed::OtherCall);
    assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, answered(&kept));
}

async fn the_first_answer_stays(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    let claim = call_claim(&call, NOW);
    let kept = stores.answered(&claim).await;
    let second = SealedSecret { bytes: vec![7], ..kept.answer.clone() };
    assert!(!stores.keep_answer(&KeptAnswer { answer: second, ..kept.clone() }).await);
    assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, answered(&kept));
}

async fn an_answer_is_not_given_up(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    let kept = stores.answered(&call_claim(&call, NOW)).await;
    stores.answers.release_call(&call, kept.claim).await.unwrap();
    assert_eq!(stores.claim_call(&call_claim(&call, NOW)).await, answered(&kept));
}

async fn an_answer_outlives_the_lease_and_ends_at_its_instant(stores: Stores) {
    let call = named_call(&subject("alice"), "one");
    let kept = stores.answered(&call_claim(&call, NOW)).await;
    let just_before = kept.expires_at.saturating_sub(Duration::from_micros(1));
    assert_eq!(stores.claim_call(&call_claim(&call, just_before)).await, answered(&kept));
    assert_eq!(stores.claim_call(&call_claim(&call, kept.expires_at)).await, CallClaimed::Won);
    assert_eq!(stores.claim_call(&call_claim(&call, kept.expires_at)).await, CallClaimed::InProgress);
}
