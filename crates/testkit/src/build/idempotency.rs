use std::time::Duration;

use countersign_domain::idempotency::call::{CallName, Credential, NamedCall, RequestDigest};
use countersign_domain::idempotency::key::IdempotencyKey;
use countersign_domain::idempotency::ports::{CallClaim, KeptAnswer};
use countersign_domain::identity::{RequestId, Subject};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::secret::SealedSecret;

use super::factor::SEALING_KEY;
use super::identity::fresh_ulid;

/// The call that `subject` names `key`; its answer shows no secrets.
pub fn named_call(subject: &Subject, key: &str) -> NamedCall {
    let credential = Credential::User(subject.user.clone());
    NamedCall {
        organization: subject.organization,
        environment: subject.environment,
        name: CallName::of(&credential, &IdempotencyKey::new(key).unwrap()),
        request: RequestDigest::of([b"a request".as_slice()]),
        secrets_of: None,
    }
}

/// A claim at `now` for a request of its own; it holds 30 seconds.
pub fn call_claim(call: &NamedCall, now: Timestamp) -> CallClaim {
    let request = RequestId::new(fresh_ulid());
    CallClaim { call: call.clone(), request, now, lease: Duration::from_secs(30) }
}

/// An answer under `claim`, kept for ten minutes from when the claim was made. It is no ciphertext of any sealer.
pub fn kept_answer(claim: &CallClaim) -> KeptAnswer {
    let bytes = claim.request.to_string().into_bytes();
    KeptAnswer {
        call: claim.call.clone(),
        claim: claim.request,
        answer: SealedSecret { key: SEALING_KEY, bytes },
        expires_at: claim.now.saturating_add(Duration::from_mins(10)),
    }
}
