//! The outermost middleware: every response gets its request id and general headers, and the log gets one line.
//!
//! The line holds the pattern of the route, never the path or the query; no header and no body ever gets near it.

use std::sync::Arc;
use std::time::Instant;

use actix_web::Error;
use actix_web::HttpMessage as _;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use countersign_domain::identity::{OrganizationId, RequestId};

use crate::refusal::code::ErrorCode;
use crate::reply::headers::{REQUEST_ID, set};
use crate::state::State;
use crate::wire::progress::Progress;

/// What the log says of a response beside its status.
#[derive(Clone, Default)]
pub(crate) struct Disposition {
    /// The code of a refusal.
    pub(crate) code: Option<&'static str>,
    /// Why a call was refused, when that is no fault of ours; it holds nothing that the client sent.
    pub(crate) cause: Option<String>,
    /// Who called.
    pub(crate) organization: Option<OrganizationId>,
}

pub(crate) async fn boundary(
    state: Arc<State>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let line = Line::begin(state.request_ids.next(), request.method());
    let progress = request.conn_data::<Progress>();
    let _serving = progress.map(Progress::serve);
    request.extensions_mut().insert(line.id);

    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    set(headers, REQUEST_ID, line.id);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    line.end(&response);
    Ok(response)
}

/// A reply to what never became a request.
pub(crate) fn log_unroutable(id: RequestId, status: StatusCode, code: ErrorCode) {
    tracing::info!(requestId = %id, status = status.as_u16(), code = code.as_str(), "unreadable request");
}

/// The line of the log that a request leaves behind.
struct Line {
    id: RequestId,
    method: &'static str,
    began: Instant,
    ended: bool,
}

impl Line {
    fn begin(id: RequestId, method: &Method) -> Self {
        Self { id, method: known(method), began: Instant::now(), ended: false }
    }

    fn end(mut self, response: &ServiceResponse<BoxBody>) {
        self.ended = true;
        let extensions = response.response().extensions();
        let disposition = extensions.get::<Disposition>().cloned().unwrap_or_default();
        tracing::info!(
            requestId = %self.id,
            method = self.method,
            route = response.request().match_pattern().as_deref(),
            status = response.status().as_u16(),
            durationMs = self.milliseconds(),
            organizationId = disposition.organization.map(|id| id.to_string()).as_deref(),
            code = disposition.code,
            cause = disposition.cause.as_deref(),
            "request"
        );
    }

    fn milliseconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1_000.0
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.ended {
            let (id, method) = (self.id, self.method);
            tracing::info!(requestId = %id, method, durationMs = self.milliseconds(), "client went away");
        }
    }
}

/// The method, if it is one that HTTP knows: the log repeats nothing that a client made up.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "other",
    }
}
