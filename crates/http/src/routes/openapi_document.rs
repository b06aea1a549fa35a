//! `GET /openapi.json`: the contract in `OpenAPI` 3.1.

use actix_web::HttpResponse;

use super::{Route, Verb};
use crate::gate::{Handler, Outcome, PublicCall};
use crate::openapi::documented::{Documented, media};
use crate::refusal::problem::Problem;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/openapi.json",
    handler: Handler::Public(|call| Box::pin(async move { handle(&call) })),
    documented,
};

fn handle(call: &PublicCall) -> Outcome {
    let document = call.state.openapi_json.as_ref();
    let document = document.map_err(|error| Problem::Unwritable(error.to_string().into()))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(document.clone()))
}

fn documented() -> Documented {
    Documented::new("get_openapi", "This document").success(media("application/json"))
}
