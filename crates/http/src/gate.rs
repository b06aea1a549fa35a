//! The way in: credentials, rate, permission, in this order. Only then may a handler look at the body.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use countersign_domain::admission::admit::Admitted;
use countersign_domain::admission::organization::Organization;
use countersign_domain::audit::event::{Actor, Caller};
use countersign_domain::identity::{RequestId, Subject};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use crate::body::Body;
use crate::boundary::Disposition;
use crate::client_address::client_address;
use crate::credentials::bearer_token;
use crate::refusal::problem::Problem;
use crate::refusal::{Account, Refusal};
use crate::reply::headers::set_rate;
use crate::state::State;

/// What a handler makes of a call.
pub(crate) type Outcome = Result<HttpResponse, Problem>;

/// A handler; its type is its access policy.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Anybody may call it; no bucket is asked.
    Public(fn(PublicCall) -> LocalBoxFuture<'static, Outcome>),
    /// A user acts on their own account.
    User(fn(UserCall, Body) -> LocalBoxFuture<'static, Outcome>),
}

/// A call by anybody.
pub(crate) struct PublicCall {
    pub(crate) state: Arc<State>,
    pub(crate) request: HttpRequest,
}

/// A call by a user who was let in.
pub(crate) struct UserCall {
    pub(crate) state: Arc<State>,
    /// The user.
    pub(crate) subject: Subject,
    /// The user's organization.
    pub(crate) organization: Organization,
    /// Where the call comes from, for the audit trail.
    pub(crate) caller: Caller,
}

impl Handler {
    /// Answers a request.
    pub(crate) async fn serve(
        self,
        state: Arc<State>,
        request: HttpRequest,
        payload: web::Payload,
    ) -> HttpResponse {
        let id = request_id(&state, &request);
        match self {
            Self::Public(handler) => {
                let outcome = caught(handler(PublicCall { state: state.clone(), request })).await;
                match outcome {
                    Ok(response) => response,
                    Err(problem) => Refusal::from(problem).respond(&state, id).await,
                }
            }
            Self::User(handler) => serve_user(handler, state, id, request, payload).await,
        }
    }
}

/// The id that the boundary gave the request.
pub(crate) fn request_id(state: &State, request: &HttpRequest) -> RequestId {
    request.extensions().get().copied().unwrap_or_else(|| state.request_ids.next())
}

async fn serve_user(
    handler: fn(UserCall, Body) -> LocalBoxFuture<'static, Outcome>,
    state: Arc<State>,
    id: RequestId,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let client =
        request.peer_addr().map(|peer| client_address(peer.ip(), request.headers(), &state.settings));
    let admitted = match admit(&state, &request, client).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.respond(&state, id).await,
    };
    let Admitted { principal, organization, rate } = admitted;
    let account = Account { organization: organization.clone(), environment: principal.environment() };
    let outcome = match principal.into_user() {
        Ok(subject) => {
            let caller = Caller { actor: Actor::User, request: Some(id), address: client };
            let call = UserCall { state: state.clone(), subject, organization, caller };
            caught(handler(call, Body::new(request, payload))).await
        }
        Err(denied) => Err(denied.into()),
    };
    match outcome {
        Ok(mut response) => {
            set_rate(response.headers_mut(), &rate);
            let organization = Some(account.organization.id);
            response.extensions_mut().insert(Disposition { organization, ..Disposition::default() });
            response
        }
        Err(problem) => {
            let refusal = Refusal { problem, rate: Some(rate), account: Some(account) };
            refusal.respond(&state, id).await
        }
    }
}

async fn admit(
    state: &State,
    request: &HttpRequest,
    client: Option<std::net::IpAddr>,
) -> Result<Admitted, Refusal> {
    let token = bearer_token(request.headers(), request.query_string()).map_err(Problem::from)?;
    let admission = state.in_time(state.api.admission.admit(token, client));
    Ok(caught(admission).await??)
}

/// A panic costs the one request in which it happened.
async fn caught<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(Problem::Panic))
}
