//! The contract of [`AnswerSealer`].

use std::sync::Arc;

use countersign_domain::idempotency::answer::Answer;
use countersign_domain::idempotency::call::{NamedCall, RequestDigest};
use countersign_domain::idempotency::ports::{AnswerPlace, AnswerSealer};
use countersign_domain::identity::{Environment, RequestId};
use countersign_domain::two_factor::secret::SealedSecret;
use libtest_mimic::Trial;
use zeroize::Zeroizing;

use super::sealed::{altered, assert_closed, assert_no_two_alike, under_other_keys};
use super::{Case, case::cases, trials as trials_of};
use crate::build::{fresh_ulid, named_call, organization_id, subject};

type Harness = Arc<dyn AnswerSealer>;

/// The cases.
pub fn cases() -> Vec<Case<Harness>> {
    cases![
        Harness;
        a_sealed_answer_opens_at_its_place,
        an_answer_opens_at_no_other_place,
        changed_missing_or_additional_bytes_do_not_open,
        an_answer_opens_with_its_own_key_only,
        no_two_sealed_answers_are_alike,
    ]
}

/// One test for each case.
pub fn trials<F, M>(factory: F) -> Vec<Trial>
where
    F: Fn() -> M + Clone + Send + Sync + 'static,
    M: Future<Output = Arc<dyn AnswerSealer>> + Send + 'static,
{
    trials_of("answer_sealer", cases(), factory)
}

/// Where a case seals: a call of alice.
struct Place {
    call: NamedCall,
    request: RequestId,
}

impl Place {
    fn new() -> Self {
        Self { call: named_call(&subject("alice"), "one"), request: RequestId::new(fresh_ulid()) }
    }

    fn seal(&self, sealer: &Harness, bytes: &[u8]) -> SealedSecret {
        sealer.seal_answer(self.as_port(), &Answer::new(Zeroizing::new(bytes.to_vec()))).unwrap()
    }

    fn assert_closed(&self, sealer: &Harness, sealed: &SealedSecret, why: &str) {
        assert_closed(&sealer.open_answer(self.as_port(), sealed), why);
    }

    fn as_port(&self) -> AnswerPlace<'_> {
        AnswerPlace { call: &self.call, request: self.request }
    }
}

async fn a_sealed_answer_opens_at_its_place(sealer: Harness) {
    let place = Place::new();
    for length in [0, 1, 200, 100_000] {
        let sealed = place.seal(&sealer, &vec![0xA5; length]);
        let opened = sealer.open_answer(place.as_port(), &sealed).unwrap();
        assert_eq!(opened.expose(), vec![0xA5; length]);
    }
}

async fn an_answer_opens_at_no_other_place(sealer: Harness) {
    let place = Place::new();
    let sealed = place.seal(&sealer, b"an answer");
    let call = || place.call.clone();
    let elsewhere = [
        NamedCall { organization: organization_id(2), ..call() },
        NamedCall { environment: Environment::Test, ..call() },
        NamedCall { name: named_call(&subject("alice"), "two").name, ..call() },
        NamedCall { name: named_call(&subject("bob"), "one").name, ..call() },
        NamedCall { request: RequestDigest::of([b"another request".as_slice()]), ..call() },
    ];
    for call in elsewhere {
        let why = format!("it opens for {call:?}");
        Place { call, request: place.request }.assert_closed(&sealer, &sealed, &why);
    }
    let later = Place { call: call(), request: RequestId::new(fresh_ulid()) };
    later.assert_closed(&sealer, &sealed, "it opens for a later request");
}

async fn changed_missing_or_additional_bytes_do_not_open(sealer: Harness) {
    let place = Place::new();
    for (how, altered) in altered(&place.seal(&sealer, b"an answer")) {
        place.assert_closed(&sealer, &altered, &how);
    }
}

async fn an_answer_opens_with_its_own_key_only(sealer: Harness) {
    let place = Place::new();
    for (key, renamed) in under_other_keys(&place.seal(&sealer, b"an answer")) {
        place.assert_closed(&sealer, &renamed, &key);
    }
}

async fn no_two_sealed_answers_are_alike(sealer: Harness) {
    let place = Place::new();
    assert_no_two_alike(|| place.seal(&sealer, b"an answer"));
}
