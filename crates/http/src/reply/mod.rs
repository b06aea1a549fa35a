//! Successful answers.

pub(crate) mod headers;
pub(crate) mod rate;

use std::io;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::refusal::problem::Problem;

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
    let mut length = Length(0);
    serde_json::to_writer(&mut length, body).map_err(|error| Problem::Unwritable(error.into()))?;
    // Room for all of it, so that no copy of a part is left behind when the buffer grows; and no more, for all of the
    // room is wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *bytes, body).map_err(|error| Problem::Unwritable(error.into()))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(Bytes::from_owner(bytes)))
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::{MessageBody as _, to_bytes};

    use super::*;

    #[tokio::test]
    async fn a_secret_body_is_written_as_any_other() {
        let body = ["a\u{1F600}\"\n", &"x".repeat(100_000)];
        let response = ok_secret(&body).unwrap();
        assert_eq!(response.body().size(), ok(&body).unwrap().body().size());
        let written = to_bytes(response.into_body()).await.unwrap();
        assert_eq!(serde_json::from_slice::<Vec<String>>(&written).unwrap(), body);
    }
}
