//! `GET /docs`: leads to `/docs/`, where the relative addresses of the reference are right.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::{Route, Verb};
use crate::gate::Handler;
use crate::openapi::documented::Documented;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/docs",
    handler: Handler::Public(|_| Box::pin(async { Ok(handle()) })),
    documented,
};

fn handle() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

fn documented() -> Documented {
    Documented::new("get_reference_redirect", "Leads to the interactive reference").redirect()
}
