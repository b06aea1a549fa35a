//! What a caller is told of a problem: the one place where errors become statuses, codes and details.

use std::borrow::Cow;
use std::fmt::Display;

use actix_web::http::StatusCode;
use countersign_domain::admission::admit::AdmissionError;
use countersign_domain::admission::ports::TokenRefusal;
use countersign_domain::admission::principal::PermissionDenied;
use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::answer_once::RepetitionError;
use countersign_domain::quota::consume::ConsumeTurnsError;
use countersign_domain::quota::meter::{PermitError, QuotaRefusal};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::change_policy::ChangePolicyError;
use countersign_domain::two_factor::disable::DisableError;
use countersign_domain::two_factor::import::ImportError;
use countersign_domain::two_factor::proof::ProofError;
use countersign_domain::two_factor::setup::StartSetupError;
use countersign_domain::two_factor::verify_setup::VerifySetupError;
use countersign_domain::webhooks::manage::WebhookError;

use super::code::ErrorCode;
use super::envelope::{Details, FieldProblem};
use super::problem::{HeadProblem, Problem};
use crate::body::BodyProblem;
use crate::credentials::MisplacedCredentials;

/// When a caller may try again what a dependency could not do.
const RETRY_AFTER_SECONDS: u32 = 1;

/// What a caller is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) code: ErrorCode,
    pub(crate) message: Cow<'static, str>,
    pub(crate) details: Option<Details>,
    /// When to try again; only with 429.
    pub(crate) retry_at: Option<Timestamp>,
    pub(crate) extra: Extra,
}

/// What else the head of an answer says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Extra {
    None,
    /// `WWW-Authenticate`.
    Challenge(String),
    /// `Allow`.
    Allow(String),
    /// The connection cannot go on.
    Close,
}

impl Answer {
    /// Whether it tells what became of an attempt: one that was charged, so that the same call must not be run again.
    pub(crate) fn is_verdict(&self) -> bool {
        self.code == ErrorCode::InvalidCode
    }
}

impl Problem {
    /// What the caller is told.
    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::NoRoute => say(StatusCode::NOT_FOUND, ErrorCode::NotFound, "there is no such route"),
            Self::Method { allow } => {
                let message = "the route does not have this method";
                let answer = say(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed, message);
                Answer { extra: Extra::Allow(allow.clone()), ..answer }
            }
            Self::Head(problem) => head(*problem),
            Self::Credentials(problem) => {
                let code = match problem {
                    MisplacedCredentials::InUrl => "credentials_in_url",
                    MisplacedCredentials::Several => "several_credentials",
                };
                invalid(StatusCode::BAD_REQUEST, code, problem.to_string())
            }
            Self::Admission(error) => admission(error),
            Self::Permission(error) => permission(*error),
            Self::Body(problem) => body(problem),
            Self::Fields(problems) => {
                let message = "the request has fields that are not acceptable";
                let answer = say(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::ValidationError, message);
                Answer { details: Some(Details::Fields(problems.clone())), ..answer }
            }
            Self::StartSetup(error) => start_setup(error),
            Self::VerifySetup(error) => verify_setup(error),
            Self::Proof(error) | Self::Disable(DisableError::Proof(error)) => proof(error),
            Self::Disable(error @ DisableError::Required) => forbidden(error),
            Self::ChangePolicy(error @ ChangePolicyError::LiveKeyNeeded) => forbidden(error),
            Self::Import(error @ ImportError::AlreadyEnabled) => {
                conflict("already_enabled", error.to_string())
            }
            Self::Repetition(error) => repetition(error),
            Self::ConsumeTurns(error) => consume_turns(error),
            Self::Activate(PermitError::Exhausted(refusal)) => quota_exhausted(refusal),
            Self::Port(failure)
            | Self::Import(ImportError::Failure(failure))
            | Self::Activate(PermitError::Failure(failure))
            | Self::ChangePolicy(ChangePolicyError::Failure(failure)) => port(failure),
            Self::Webhook(error) => webhook(error),
            Self::Deadline => unavailable(),
            Self::Lost(_) | Self::Panic | Self::Unwritable(_) => internal(),
        }
    }
}

fn head(problem: HeadProblem) -> Answer {
    let answer = match problem {
        HeadProblem::Malformed => {
            invalid(StatusCode::BAD_REQUEST, "malformed_request", "the head of the request cannot be read")
        }
        HeadProblem::TooSlow => {
            invalid(StatusCode::REQUEST_TIMEOUT, "timeout", "the head of the request came too slowly")
        }
        HeadProblem::TooLarge => {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            invalid(status, "too_large", "the head of the request is too large")
        }
        HeadProblem::Internal => internal(),
    };
    Answer { extra: Extra::Close, ..answer }
}

fn admission(error: &AdmissionError) -> Answer {
    match error {
        AdmissionError::MissingCredentials { .. } => {
            let message = "a request needs an Authorization header with a bearer token";
            let answer = say(StatusCode::UNAUTHORIZED, ErrorCode::AuthenticationError, message);
            Answer { extra: challenge(""), ..answer }
        }
        AdmissionError::Unauthenticated { reason, .. } => match reason {
            TokenRefusal::Expired => refuse_token(ErrorCode::TokenExpired, "the token has expired"),
            TokenRefusal::Invalid(_) => refuse_token(ErrorCode::InvalidToken, "the token is not valid"),
            TokenRefusal::Failure(failure) => port(failure),
        },
        AdmissionError::ClientRateLimited { rate } => {
            too_fast(rate.retry_at, "too many requests without valid credentials from this address")
        }
        AdmissionError::OrganizationRateLimited { rate, .. } => {
            too_fast(rate.retry_at, "too many requests of this organization")
        }
        AdmissionError::Suspended { .. } => {
            say(StatusCode::FORBIDDEN, ErrorCode::PermissionDenied, "the organization is suspended")
        }
        AdmissionError::Failure(failure) => port(failure),
    }
}

fn forbidden(error: &impl Display) -> Answer {
    say(StatusCode::FORBIDDEN, ErrorCode::PermissionDenied, error.to_string())
}

fn permission(error: PermissionDenied) -> Answer {
    let answer = forbidden(&error);
    match error {
        PermissionDenied::ScopeMissing(scope) => {
            let extra = challenge(&format!(", error=\"insufficient_scope\", scope=\"{scope}\""));
            Answer { extra, ..answer }
        }
        PermissionDenied::NoUserBehindKey | PermissionDenied::ApiKeyNeeded => answer,
    }
}

fn body(problem: &BodyProblem) -> Answer {
    let (status, code) = match problem {
        BodyProblem::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type"),
        BodyProblem::ContentEncoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_encoding"),
        BodyProblem::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        BodyProblem::TooSlow => (StatusCode::REQUEST_TIMEOUT, "timeout"),
        BodyProblem::Broken => (StatusCode::BAD_REQUEST, "broken_body"),
        BodyProblem::Syntax => (StatusCode::BAD_REQUEST, "malformed_json"),
        BodyProblem::NotAnObject => (StatusCode::BAD_REQUEST, "not_an_object"),
        BodyProblem::DuplicateField => (StatusCode::BAD_REQUEST, "duplicate_field"),
    };
    let answer = invalid(status, code, problem.to_string());
    match problem {
        BodyProblem::TooSlow | BodyProblem::Broken => Answer { extra: Extra::Close, ..answer },
        _ => answer,
    }
}

fn start_setup(error: &StartSetupError) -> Answer {
    match error {
        StartSetupError::AlreadyEnabled => conflict("already_enabled", error.to_string()),
        StartSetupError::InProgress => conflict("setup_in_progress", error.to_string()),
        StartSetupError::TooMany { retry_at } => too_fast(*retry_at, "too many set-ups of this user"),
        StartSetupError::Quota(refusal) => quota_exhausted(refusal),
        StartSetupError::Failure(failure) => port(failure),
    }
}

fn consume_turns(error: &ConsumeTurnsError) -> Answer {
    match error {
        ConsumeTurnsError::Exhausted(refusal) => quota_exhausted(refusal),
        ConsumeTurnsError::OtherCall => conflict("idempotency_mismatch", error.to_string()),
        ConsumeTurnsError::Failure(failure) => port(failure),
    }
}

fn quota_exhausted(refusal: &QuotaRefusal) -> Answer {
    let answer = say(StatusCode::TOO_MANY_REQUESTS, ErrorCode::QuotaExhausted, refusal.to_string());
    let details = Details::Quota { component: refusal.component.as_str() };
    let retry_at = Some(refusal.snapshot.period.ends_at);
    Answer { details: Some(details), retry_at, ..answer }
}

fn verify_setup(error: &VerifySetupError) -> Answer {
    match error {
        VerifySetupError::InvalidCode { attempts_left } => invalid_code((*attempts_left).into()),
        VerifySetupError::Malformed => malformed_code(error),
        VerifySetupError::NoPendingSetup => conflict("no_pending_setup", error.to_string()),
        VerifySetupError::Expired => conflict("setup_expired", error.to_string()),
        VerifySetupError::Replaced => conflict("setup_replaced", error.to_string()),
        VerifySetupError::AlreadyEnabled => conflict("already_enabled", error.to_string()),
        VerifySetupError::Failure(failure) => port(failure),
    }
}

fn proof(error: &ProofError) -> Answer {
    match error {
        ProofError::InvalidCode { attempts_left } => invalid_code(*attempts_left),
        ProofError::Malformed | ProofError::NotACode(_) => malformed_code(error),
        ProofError::Locked(lock) => {
            let message = "too many wrong codes; codes are not looked at for now";
            let locked_until = lock.until().map(|until| until.to_string());
            let answer = say(StatusCode::LOCKED, ErrorCode::FactorLocked, message);
            Answer { details: Some(Details::Locked { locked_until }), ..answer }
        }
        ProofError::NotEnabled => conflict("not_enabled", error.to_string()),
        ProofError::Failure(failure) => port(failure),
    }
}

fn repetition(error: &RepetitionError) -> Answer {
    match error {
        RepetitionError::InProgress => conflict("idempotency_in_progress", error.to_string()),
        RepetitionError::OtherCall => conflict("idempotency_mismatch", error.to_string()),
        RepetitionError::Failure(failure) => port(failure),
    }
}

/// It cannot be a code of the factor, by its shape: a typing error, which costs nothing.
fn malformed_code(error: &impl Display) -> Answer {
    Problem::of_field("code", "not_acceptable", error).answer()
}

/// A wrong, a used and an expired code look alike.
fn invalid_code(attempts_left: u32) -> Answer {
    let answer = say(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::InvalidCode, "the code is not valid");
    Answer { details: Some(Details::Attempts { attempts_left }), ..answer }
}

fn webhook(error: &WebhookError) -> Answer {
    match error {
        WebhookError::UnknownWebhook | WebhookError::UnknownDelivery => {
            say(StatusCode::NOT_FOUND, ErrorCode::NotFound, error.to_string())
        }
        WebhookError::Url(refusal) => Problem::of_field("url", "not_acceptable", refusal).answer(),
        WebhookError::TooMany => conflict("too_many_webhooks", error.to_string()),
        WebhookError::StillPending => conflict("delivery_pending", error.to_string()),
        WebhookError::Failure(failure) => port(failure),
    }
}

/// Constant texts: an answer says nothing of the inside.
fn port(failure: &PortFailure) -> Answer {
    match failure {
        PortFailure::Unavailable(_) => unavailable(),
        PortFailure::Corrupt(_) | PortFailure::Other(_) => internal(),
    }
}

fn unavailable() -> Answer {
    let message = "the service cannot answer right now; try again";
    let answer = say(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::ServiceUnavailable, message);
    Answer { details: Some(Details::Retry { retry_after_seconds: RETRY_AFTER_SECONDS }), ..answer }
}

fn internal() -> Answer {
    say(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::InternalError, "something went wrong on our side")
}

fn too_fast(retry_at: Timestamp, message: &'static str) -> Answer {
    let answer = say(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimitExceeded, message);
    Answer { retry_at: Some(retry_at), ..answer }
}

fn conflict(reason: &'static str, message: String) -> Answer {
    let answer = say(StatusCode::CONFLICT, ErrorCode::Conflict, message);
    Answer { details: Some(Details::Conflict { reason }), ..answer }
}

fn invalid(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Answer {
    let answer = say(status, ErrorCode::ValidationError, message);
    let problem = FieldProblem::of_request(code, answer.message.clone());
    Answer { details: Some(Details::Fields(vec![problem])), ..answer }
}

/// RFC 6750, section 3.1: an error is named only when a token was given.
fn refuse_token(code: ErrorCode, message: &'static str) -> Answer {
    let answer = say(StatusCode::UNAUTHORIZED, code, message);
    Answer { extra: challenge(", error=\"invalid_token\""), ..answer }
}

fn challenge(parameters: &str) -> Extra {
    Extra::Challenge(format!("Bearer realm=\"countersign\"{parameters}"))
}

fn say(status: StatusCode, code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Answer {
    let (message, details, retry_at, extra) = (message.into(), None, None, Extra::None);
    Answer { status, code, message, details, retry_at, extra }
}
