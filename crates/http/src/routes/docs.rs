//! `GET /docs/`: the interactive reference. All its assets are in this binary.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::web::Bytes;
use utoipa_swagger_ui::{Config, serve};

use super::{Route, Verb};
use crate::gate::{Handler, Outcome, PublicCall};
use crate::openapi::documented::{Documented, media};
use crate::refusal::problem::Problem;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/docs/{file:.*}",
    handler: Handler::Public(|call| Box::pin(async move { handle(&call) })),
    documented,
};

/// Nothing comes from outside; the reference styles itself inline and draws its icons from data URIs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

fn handle(call: &PublicCall) -> Outcome {
    let file = call.request.match_info().query("file");
    // The reference remembers no token: it would outlive the tab.
    let config = Config::from("/openapi.json").persist_authorization(false).validator_url("none");
    let found =
        serve(file, Arc::new(config)).map_err(|error| Problem::Unwritable(error.to_string().into()))?;
    let found = found.ok_or(Problem::NoRoute)?;
    Ok(HttpResponse::Ok()
        .content_type(found.content_type)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(Bytes::from(found.bytes.into_owned())))
}

fn documented() -> Documented {
    Documented::new("get_reference", "The interactive reference").success(media("text/html")).missing()
}
