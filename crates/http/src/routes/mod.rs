//! The endpoints, one file each, and the one table of them.

mod assertion_keys;
mod audit_events;
mod backup_codes;
mod billing;
mod coverage;
mod disable;
mod docs;
mod docs_redirect;
mod error_reference;
mod health;
mod import;
mod me;
mod openapi_document;
mod page;
mod pagination;
mod policy;
pub(crate) mod ready;
mod reset;
mod security_events;
mod setup;
mod status;
mod usage;
mod users;
mod verify;
mod verify_setup;
mod webhooks;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::gate::{Handler, request_id, serve};
use crate::openapi::documented::Documented;
use crate::refusal::Refusal;
use crate::refusal::problem::Problem;
use crate::state::State;

/// One route.
pub(crate) struct Route {
    pub(crate) verb: Verb,
    /// The path, as a pattern of actix-router.
    pub(crate) path: &'static str,
    /// What answers, and so who may call.
    pub(crate) handler: Handler,
    /// What the OpenAPI document says of it.
    pub(crate) documented: fn() -> Documented,
}

/// The method of a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verb {
    /// `GET`, and with it `HEAD`.
    Get,
    /// `POST`, with what an `Idempotency-Key` does there.
    Post(Idempotency),
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

/// What becomes of the answer to a `POST` with an `Idempotency-Key`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Idempotency {
    /// It is kept, and a repetition gets it.
    Kept,
    /// The same, but it shows secrets of a user's factor: it goes when they do.
    KeptWithSecrets,
    /// The same, but without its field `secret`, which is shown once.
    KeptWithoutSecret,
    /// The use case keeps it, in the transaction of what it counts.
    KeptByUseCase,
}

impl Verb {
    const fn methods(self) -> &'static [Method] {
        match self {
            Self::Get => &[Method::GET, Method::HEAD],
            Self::Post(_) => &[Method::POST],
            Self::Put => &[Method::PUT],
            Self::Patch => &[Method::PATCH],
            Self::Delete => &[Method::DELETE],
        }
    }
}

/// All routes. The router, the OpenAPI document and the tests are made from this table.
pub(crate) const ROUTES: &[Route] = &[
    me::ROUTE,
    status::ROUTE,
    setup::ROUTE,
    verify_setup::ROUTE,
    verify::ROUTE,
    backup_codes::ROUTE,
    disable::ROUTE,
    security_events::ROUTE,
    status::OF_USER,
    setup::OF_USER,
    verify_setup::OF_USER,
    verify::OF_USER,
    backup_codes::OF_USER,
    disable::OF_USER,
    reset::ROUTE,
    import::ROUTE,
    policy::GET,
    policy::PATCH,
    users::ROUTE,
    coverage::ROUTE,
    audit_events::ROUTE,
    usage::overview::ROUTE,
    usage::turns::GET,
    usage::turns::POST,
    usage::active_relationships::ROUTE,
    usage::relationships::PUT,
    usage::relationships::DELETE,
    billing::plans::ROUTE,
    billing::subscription::ROUTE,
    webhooks::create::ROUTE,
    webhooks::list::ROUTE,
    webhooks::read::ROUTE,
    webhooks::change::ROUTE,
    webhooks::remove::ROUTE,
    webhooks::rotate_secret::ROUTE,
    webhooks::test::ROUTE,
    webhooks::deliveries::ROUTE,
    webhooks::redeliver::ROUTE,
    assertion_keys::ROUTE,
    health::ROUTE,
    ready::ROUTE,
    openapi_document::ROUTE,
    page::PAGE,
    page::PARTS,
    docs_redirect::ROUTE,
    error_reference::ROUTE,
    docs::ROUTE,
];

/// Adds all routes to the router. A path that has no route for a method is refused with 405.
pub(crate) fn mount(config: &mut ServiceConfig, state: &Arc<State>) {
    let mut paths: Vec<&'static str> = Vec::new();
    for route in ROUTES {
        if !paths.contains(&route.path) {
            paths.push(route.path);
        }
    }
    for path in paths {
        let mut resource = web::resource(path);
        let mut allow = Vec::new();
        for route in ROUTES.iter().filter(|route| route.path == path) {
            for method in route.verb.methods() {
                allow.push(method.as_str());
                let state = state.clone();
                let serve = move |request, payload| serve(route, state.clone(), request, payload);
                resource = resource.route(web::method(method.clone()).to(serve));
            }
        }
        let (state, allow) = (state.clone(), allow.join(", "));
        config.service(resource.default_service(web::to(move |request| {
            refuse(state.clone(), request, Problem::Method { allow: allow.clone() })
        })));
    }
}

/// 404 for a path that has no route.
pub(crate) async fn refuse_path(state: Arc<State>, request: HttpRequest) -> HttpResponse {
    refuse(state, request, Problem::NoRoute).await
}

async fn refuse(state: Arc<State>, request: HttpRequest, problem: Problem) -> HttpResponse {
    let id = request_id(&state, &request);
    Refusal::from(problem).respond(&state, id).await
}
