//! Answers a call once, however often it is sent under one `Idempotency-Key`: a repetition gets the first answer.
//!
//! What is kept is what tells of something done: a success, and the verdict on a code whose attempt was charged. Every other
//! refusal changed nothing, so the call is given up, and a repetition is run anew.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, body::MessageBody as _};
use countersign_domain::admission::principal::Principal;
use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::answer::Answer;
use countersign_domain::idempotency::answer_once::Begun;
use countersign_domain::idempotency::call::{CallName, Credential, NamedCall, RequestDigest};
use countersign_domain::identity::{Environment, OrganizationId, RequestId, UserId};
use futures_util::future::LocalBoxFuture;
use zeroize::Zeroizing;

use crate::body::Body;
use crate::gate::{Outcome, caught};
use crate::idempotency_key;
use crate::refusal::envelope::ErrorEnvelope;
use crate::refusal::problem::Problem;
use crate::reply::headers::REPLAYED;
use crate::routes::{Idempotency, Route, Verb};
use crate::state::State;

/// A request with an `Idempotency-Key`, whose caller may make it.
pub(crate) struct Keyed {
    route: &'static Route,
    request: HttpRequest,
    organization: OrganizationId,
    environment: Environment,
    name: CallName,
    secrets_of: Option<UserId>,
}

/// Whose call it is, if it is one that can be sent again: a `POST` with a key, whose use case keeps no answers itself.
pub(crate) fn credential(route: &Route, request: &HttpRequest, principal: &Principal) -> Option<Credential> {
    let is_kept_here = matches!(route.verb, Verb::Post(kept) if kept != Idempotency::KeptByUseCase);
    let is_keyed = is_kept_here && idempotency_key::is_given(request.headers());
    is_keyed.then(|| principal.into())
}

impl Keyed {
    /// Looks at the key. `user` is whose account the call is about, if it is about one.
    pub(crate) fn new(
        route: &'static Route,
        request: &HttpRequest,
        credential: &Credential,
        (organization, environment): (OrganizationId, Environment),
        user: Option<&UserId>,
    ) -> Result<Self, Problem> {
        let key = idempotency_key::read(request.headers())?;
        let shows_secrets = route.verb == Verb::Post(Idempotency::KeptWithSecrets);
        Ok(Self {
            route,
            request: request.clone(),
            organization,
            environment,
            name: CallName::of(credential, &key),
            secrets_of: user.filter(|_| shows_secrets).cloned(),
        })
    }

    fn with_body(self, body: &[u8]) -> NamedCall {
        let Self { route, request, organization, environment, name, secrets_of } = self;
        let request = request_digest(route, &request, body);
        NamedCall { organization, environment, name, request, secrets_of }
    }
}

/// Runs `work`, or answers in its place if the call was made before.
pub(crate) fn once(
    keyed: Keyed,
    state: Arc<State>,
    id: RequestId,
    body: Body,
    work: impl FnOnce(Body) -> LocalBoxFuture<'static, Outcome> + 'static,
) -> LocalBoxFuture<'static, Outcome> {
    Box::pin(async move {
        let verb = keyed.route.verb;
        let (body, call) = body.received(&state.settings, |bytes| keyed.with_body(bytes)).await?;
        // A task of its own goes on when the client goes away, so that the client finds the answer when it comes back.
        let running = actix_web::rt::spawn(async move { run(&state, &call, id, verb, work, body).await });
        running.await.unwrap_or_else(|lost| Err(Problem::Lost(lost)))
    })
}

/// The route, what its path names, and the body.
fn request_digest(route: &Route, request: &HttpRequest, body: &[u8]) -> RequestDigest {
    let named: Vec<_> = request
        .match_info()
        .iter()
        .map(|(_, value)| percent_encoding::percent_decode_str(value).collect::<Vec<u8>>())
        .collect();
    let parts = std::iter::once(route.path.as_bytes());
    RequestDigest::of(parts.chain(named.iter().map(Vec::as_slice)).chain([body]))
}

async fn run(
    state: &State,
    call: &NamedCall,
    id: RequestId,
    verb: Verb,
    work: impl FnOnce(Body) -> LocalBoxFuture<'static, Outcome>,
    body: Body,
) -> Outcome {
    match state.in_time(state.api.answer_once.begin(call, id)).await?? {
        Begun::Repeated(answer) => replay(answer),
        Begun::First => {
            let outcome = caught(work(body)).await;
            conclude(state, call, id, verb, outcome).await
        }
    }
}

/// Keeps the answer, or gives the call up. The work is done either way, so a failure is only logged: the claim ends with its
/// lease.
async fn conclude(state: &State, call: &NamedCall, id: RequestId, verb: Verb, outcome: Outcome) -> Outcome {
    let (outcome, answer) = match outcome {
        Ok(response) => copied(response, verb),
        Err(problem) => {
            let answer = verdict(&problem, id, &state.api.documentation_url);
            (Err(problem), answer)
        }
    };
    let concluding = async {
        match &answer {
            Some(answer) => state.api.answer_once.keep(call, id, answer).await,
            None => state.api.answer_once.give_up(call, id).await,
        }
    };
    if let Err(problem) = state.in_time(concluding).await.and_then(|concluded| Ok(concluded?)) {
        tracing::warn!(requestId = %id, error = problem.chain(), "the answer cannot be given again");
    }
    outcome
}

/// The response with a copy of what a repetition is told.
fn copied(response: HttpResponse, verb: Verb) -> (Outcome, Option<Answer>) {
    let status = response.status();
    let (head, body) = response.into_parts();
    match body.try_into_bytes() {
        Ok(bytes) => {
            let answer = match verb {
                Verb::Post(Idempotency::KeptWithoutSecret) => {
                    without_secret(&bytes).map(|rest| written(status, &rest))
                }
                _ => Some(written(status, &bytes)),
            };
            (Ok(head.set_body(bytes).map_into_boxed_body()), answer)
        }
        Err(body) => (Ok(head.set_body(body)), None),
    }
}

/// An object without its field `secret`.
fn without_secret(body: &[u8]) -> Option<Vec<u8>> {
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).ok()?;
    fields.remove("secret");
    serde_json::to_vec(&fields).ok()
}

/// What the caller is told of a charged attempt.
fn verdict(problem: &Problem, id: RequestId, documentation_url: &str) -> Option<Answer> {
    let answer = problem.answer();
    let body = answer.is_verdict().then(|| ErrorEnvelope::new(&answer, id, documentation_url))?;
    serde_json::to_vec(&body).ok().map(|body| written(answer.status, &body))
}

/// The status as two bytes, the higher one first, and the body.
fn written(status: StatusCode, body: &[u8]) -> Answer {
    let status = status.as_u16().to_be_bytes();
    let mut bytes = Zeroizing::new(Vec::with_capacity(status.len().saturating_add(body.len())));
    bytes.extend_from_slice(&status);
    bytes.extend_from_slice(body);
    Answer::new(bytes)
}

fn replay(answer: Answer) -> Outcome {
    let bytes = Bytes::from_owner(answer.into_bytes());
    let status =
        bytes.first_chunk().and_then(|status| StatusCode::from_u16(u16::from_be_bytes(*status)).ok());
    let status = status.ok_or_else(|| PortFailure::corrupt("an answer without a status was kept"))?;
    Ok(HttpResponse::build(status)
        .content_type("application/json")
        .insert_header((REPLAYED, "true"))
        .body(bytes.slice(size_of::<u16>()..)))
}
