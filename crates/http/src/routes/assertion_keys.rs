//! `GET /.well-known/jwks.json`: the keys that assertions are checked with (RFC 7517).

use actix_web::HttpResponse;

use super::{Route, Verb};
use crate::gate::{Handler, Outcome, PublicCall};
use crate::openapi::documented::{Documented, media};

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/.well-known/jwks.json",
    handler: Handler::Public(|call| Box::pin(async move { handle(&call) })),
    documented,
};

#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
fn handle(call: &PublicCall) -> Outcome {
    Ok(HttpResponse::Ok()
        .content_type("application/jwk-set+json")
        .body(call.state.api.assertion_keys.jwks_json()))
}

fn documented() -> Documented {
    Documented::new("get_assertion_keys", "The keys that assertions are checked with")
        .describe("A key stays here until the last assertion that it signed has expired.")
        .success(media("application/jwk-set+json"))
}
