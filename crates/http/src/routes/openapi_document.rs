//! `GET /openapi.json`: the contract in `OpenAPI` 3.1.

use actix_web::HttpResponse;

use super::{Route, Verb};
use crate::gate::{Handler, PublicCall};
use crate::openapi::documented::{Documented, media};

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/openapi.json",
    handler: Handler::Public(|call| Box::pin(async move { Ok(handle(&call)) })),
    documented,
};

fn handle(call: &PublicCall) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(call.state.openapi_json.clone())
}

fn documented() -> Documented {
    Documented::new("get_openapi", "This document").success(media("application/json"))
}
