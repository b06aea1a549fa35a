//! The way in: credentials, rate, permission, in this order. Only then may a handler look at the body.

use std::borrow::Cow;
use std::future::Future;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use countersign_domain::admission::admit::Admitted;
use countersign_domain::admission::organization::Organization;
use countersign_domain::admission::principal::Principal;
use countersign_domain::admission::scope::Scope;
use countersign_domain::audit::event::{Actor, Caller};
use countersign_domain::identity::{Environment, NotAUserId, RequestId, Subject, UserId};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode_str;

use crate::body::Body;
use crate::boundary::Disposition;
use crate::client_address::client_address;
use crate::credentials::bearer_token;
use crate::once::{Keyed, credential, once};
use crate::refusal::problem::Problem;
use crate::refusal::{Account, Refusal};
use crate::reply::rate::Rate;
use crate::routes::Route;
use crate::state::State;

/// What a handler makes of a call.
pub(crate) type Outcome = Result<HttpResponse, Problem>;

/// A handler; its type is its access policy.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Anybody may call it; no bucket is asked.
    Public(fn(PublicCall) -> LocalBoxFuture<'static, Outcome>),
    /// A user acts on their own account.
    User(AccountHandler),
    /// The platform acts on the account of the user whom the path names as `user_id`, with an API key that holds one of
    /// these scopes.
    Platform(&'static [Scope], AccountHandler),
    /// The platform acts on the organization itself, with an API key that holds one of these scopes.
    Organization(&'static [Scope], OrganizationHandler),
}

/// Answers a call about one account.
pub(crate) type AccountHandler = fn(AccountCall, Body) -> LocalBoxFuture<'static, Outcome>;

/// Answers a call about an organization.
pub(crate) type OrganizationHandler = fn(OrganizationCall, Body) -> LocalBoxFuture<'static, Outcome>;

/// A call by anybody.
pub(crate) struct PublicCall {
    pub(crate) state: Arc<State>,
    pub(crate) request: HttpRequest,
}

/// A call about one account, by its user or by the platform, that was let in.
pub(crate) struct AccountCall {
    pub(crate) state: Arc<State>,
    /// Whose account.
    pub(crate) subject: Subject,
    /// The user's organization.
    pub(crate) organization: Arc<Organization>,
    /// Where the call comes from, for the audit trail.
    pub(crate) caller: Caller,
    /// What stands behind the `?` of the URL.
    pub(crate) query: String,
}

/// A call about an organization as a whole, by the platform, that was let in.
pub(crate) struct OrganizationCall {
    pub(crate) state: Arc<State>,
    pub(crate) organization: Arc<Organization>,
    /// The only data that the key reaches.
    pub(crate) environment: Environment,
    /// Where the call comes from, for the audit trail.
    pub(crate) caller: Caller,
    /// What stands behind the `?` of the URL.
    pub(crate) query: String,
    /// The request's head, for a path or a header that only this route has.
    pub(crate) request: HttpRequest,
}

/// Answers a request.
pub(crate) async fn serve(
    route: &'static Route,
    state: Arc<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let id = request_id(&state, &request);
    let arrival = Arrival { route, state, id, request, payload };
    match route.handler {
        Handler::Public(handler) => {
            let Arrival { state, request, .. } = arrival;
            let outcome = caught(handler(PublicCall { state: state.clone(), request })).await;
            match outcome {
                Ok(response) => response,
                Err(problem) => Refusal::from(problem).respond(&state, id).await,
            }
        }
        Handler::User(handler) => {
            let access = |principal: Principal, _: &HttpRequest| Ok((principal.into_user()?, Actor::User));
            serve_admitted(account(access, handler), arrival).await
        }
        Handler::Platform(scopes, handler) => {
            let access = |principal: Principal, request: &HttpRequest| named_user(principal, scopes, request);
            serve_admitted(account(access, handler), arrival).await
        }
        Handler::Organization(scopes, handler) => {
            serve_admitted(|entry| answer_organization(entry, scopes, handler), arrival).await
        }
    }
}

/// The id that the boundary gave the request.
pub(crate) fn request_id(state: &State, request: &HttpRequest) -> RequestId {
    request.extensions().get().copied().unwrap_or_else(|| state.request_ids.next())
}

/// A request before anything is known of its caller.
struct Arrival {
    route: &'static Route,
    state: Arc<State>,
    id: RequestId,
    request: HttpRequest,
    payload: web::Payload,
}

/// A call that came in, before its permission is known.
struct Entry {
    arrival: Arrival,
    principal: Principal,
    organization: Arc<Organization>,
    client: Option<IpAddr>,
}

/// Answers calls about the account that `access` finds.
fn account(
    access: impl FnOnce(Principal, &HttpRequest) -> Result<(Subject, Actor), Problem>,
    handler: AccountHandler,
) -> impl FnOnce(Entry) -> Result<LocalBoxFuture<'static, Outcome>, Problem> {
    move |entry| {
        let Entry { arrival, principal, organization, client } = entry;
        let Arrival { route, state, id, request, payload } = arrival;
        let credential = credential(route, &request, &principal);
        let (subject, actor) = access(principal, &request)?;
        let data = (subject.organization, subject.environment);
        let keyed = credential
            .map(|credential| Keyed::new(route, &request, &credential, data, Some(&subject.user)))
            .transpose()?;
        let caller = Caller { actor, request: Some(id), address: client };
        let query = request.query_string().to_owned();
        let call = AccountCall { state: state.clone(), subject, organization, caller, query };
        let body = Body::new(request, payload);
        Ok(match keyed {
            None => handler(call, body),
            Some(keyed) => once(keyed, state, id, body, move |body| handler(call, body)),
        })
    }
}

/// Answers calls about an organization as a whole.
fn answer_organization(
    entry: Entry,
    scopes: &[Scope],
    handler: OrganizationHandler,
) -> Result<LocalBoxFuture<'static, Outcome>, Problem> {
    let Entry { arrival, principal, organization, client } = entry;
    let Arrival { route, state, id, request, payload } = arrival;
    let credential = credential(route, &request, &principal);
    let key = principal.into_api_key(scopes)?;
    let environment = key.environment;
    let data = (organization.id, environment);
    let keyed =
        credential.map(|credential| Keyed::new(route, &request, &credential, data, None)).transpose()?;
    let caller = Caller { actor: Actor::ApiKey(key.key), request: Some(id), address: client };
    let query = request.query_string().to_owned();
    let body = Body::new(request.clone(), payload);
    let call = OrganizationCall { state: state.clone(), organization, environment, caller, query, request };
    Ok(match keyed {
        None => handler(call, body),
        Some(keyed) => once(keyed, state, id, body, move |body| handler(call, body)),
    })
}

async fn serve_admitted(
    answer: impl FnOnce(Entry) -> Result<LocalBoxFuture<'static, Outcome>, Problem>,
    arrival: Arrival,
) -> HttpResponse {
    let (state, request, id) = (arrival.state.clone(), &arrival.request, arrival.id);
    let client =
        request.peer_addr().map(|peer| client_address(peer.ip(), request.headers(), &state.settings));
    let admitted = match admit(&state, request, client).await {
        Ok(admitted) => admitted,
        Err(refusal) => {
            state.precedence.give_way().await;
            return refusal.respond(&state, id).await;
        }
    };
    let _served = state.precedence.serve();
    let Admitted { principal, organization, rate } = admitted;
    let rate = Rate::Organization(rate);
    let organization = Arc::new(organization);
    let account = Account { organization: organization.clone(), environment: principal.environment() };
    let entry = Entry { arrival, principal, organization, client };
    let outcome = match answer(entry) {
        Ok(answering) => caught(answering).await,
        Err(denied) => Err(denied),
    };
    match outcome {
        Ok(mut response) => {
            rate.set(response.headers_mut(), state.api.clock.now());
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

/// The user whom the path names, for an API key with one of `scopes`. Only the environment of the key is reached.
fn named_user(
    principal: Principal,
    scopes: &[Scope],
    request: &HttpRequest,
) -> Result<(Subject, Actor), Problem> {
    let key = principal.into_api_key(scopes)?;
    let user = path_parameter(request, "user_id").and_then(|user| UserId::new(user).ok());
    let user = user.ok_or_else(|| Problem::of_field("user_id", "not_acceptable", NotAUserId))?;
    let subject = Subject { organization: key.organization, environment: key.environment, user };
    Ok((subject, Actor::ApiKey(key.key)))
}

/// A parameter of the path, decoded; `None` when that is not UTF-8.
pub(crate) fn path_parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let decoded = percent_decode_str(request.match_info().query(name)).decode_utf8();
    decoded.ok().map(Cow::into_owned)
}

async fn admit(state: &State, request: &HttpRequest, client: Option<IpAddr>) -> Result<Admitted, Refusal> {
    let token = bearer_token(request.headers(), request.query_string()).map_err(Problem::from)?;
    let admission = state.in_time(state.api.admission.admit(token, client));
    Ok(caught(admission).await??)
}

/// A panic costs the one request in which it happened.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(Problem::Panic))
}
