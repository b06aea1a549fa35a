//! Successful answers.

pub(crate) mod headers;
pub(crate) mod rate;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::refusal::problem::Problem;

/// Room for the longest answer, so that no copy of a part of it is left behind when the buffer grows.
const ROOM: usize = 64 * 1024;

/// 200 with a JSON body.
pub(crate) fn ok(body: &impl Serialize) -> Result<HttpResponse, Problem> {
    json(StatusCode::OK, body)
}

/// A JSON body with the given status.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let bytes = serde_json::to_vec(body).map_err(|error| Problem::Unwritable(error.into()))?;
    Ok(HttpResponse::build(status).content_type("application/json").body(bytes))
}

/// 200 with a JSON body that holds secrets: it is wiped once it is sent.
pub(crate) fn ok_secret(body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *bytes, body).map_err(|error| Problem::Unwritable(error.into()))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(Bytes::from_owner(bytes)))
}
