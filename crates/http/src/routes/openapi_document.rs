//! `GET /openapi.json`: the contract in `OpenAPI` 3.1.

use actix_web::HttpResponse;
use actix_web::rt::task::spawn_blocking;

use super::{Route, Verb};
use crate::gate::{Handler, Outcome, PublicCall};
use crate::openapi::documented::{Documented, media};
use crate::refusal::problem::Problem;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/openapi.json",
    handler: Handler::Public(|call| Box::pin(handle(call))),
    documented,
};

async fn handle(call: PublicCall) -> Outcome {
    let state = call.state;
    // The first one takes tens of milliseconds, in which other calls go on.
    let made = spawn_blocking(move || state.openapi_json.as_ref().cloned().map_err(ToString::to_string));
    let document = made.await.map_err(Problem::Lost)?;
    let document = document.map_err(|error| Problem::Unwritable(error.into()))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(document))
}

fn documented() -> Documented {
    Documented::new("get_openapi", "This document").success(media("application/json"))
}
