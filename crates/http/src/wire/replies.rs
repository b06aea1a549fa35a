//! Writes, in the place of a bare reply, one as all others are.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::StatusCode;

use super::bare_reply::BareReply;
use super::connection::Replies;
use crate::boundary::log_unroutable;
use crate::refusal::envelope::ErrorEnvelope;
use crate::refusal::problem::{HeadProblem, Problem};
use crate::state::State;

/// Makes the replies to what never became a request.
pub(crate) fn replies(state: Arc<State>) -> Replies {
    Rc::new(move |bare| reply(&state, bare))
}

/// Head and body of the reply that takes the place of `bare`. It ends the connection.
fn reply(state: &State, bare: &BareReply) -> Vec<u8> {
    let id = state.request_ids.next();
    let answer = Problem::Head(problem(bare.status)).answer();
    let envelope = ErrorEnvelope::new(&answer, id, &state.api.documentation_url);
    let body = serde_json::to_string(&envelope).unwrap_or_default();
    log_unroutable(id, answer.status, answer.code);

    let date = bare.date.as_ref().map(|date| format!("date: {date}\r\n")).unwrap_or_default();
    let reply = format!(
        "HTTP/1.1 {} {}\r\ncontent-length: {}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
             x-content-type-options: nosniff\r\nx-request-id: {id}\r\nconnection: close\r\n{date}\r\n{body}",
        answer.status.as_u16(),
        answer.status.canonical_reason().unwrap_or(""),
        body.len(),
    );
    reply.into_bytes()
}

fn problem(status: u16) -> HeadProblem {
    match StatusCode::from_u16(status) {
        Ok(StatusCode::REQUEST_TIMEOUT) => HeadProblem::TooSlow,
        Ok(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => HeadProblem::TooLarge,
        Ok(status) if status.is_client_error() => HeadProblem::Malformed,
        _ => HeadProblem::Internal,
    }
}
