//! The body of every error.

use countersign_domain::identity::RequestId;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::code::ErrorCode;

/// The body of every error.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    error: ErrorBody,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// What went wrong, for programs.
    code: ErrorCode,
    /// The class of the code.
    #[schema(example = "rate_limit")]
    r#type: &'static str,
    /// What went wrong, for people. It may change at any time.
    message: String,
    /// The id of the request, as in `X-Request-Id` and in the logs.
    #[schema(format = "ulid", example = "01JD0000000000000000000000")]
    request_id: String,
    /// What else there is to know; its shape depends on the code.
    #[schema(required = true)]
    details: Option<Details>,
    /// Where the code is explained.
    #[schema(format = "uri")]
    documentation_url: String,
}

/// What else there is to know of an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Details {
    /// `validation_error`: what is wrong with the request, one entry for each field.
    Fields(Vec<FieldProblem>),
    /// `conflict`: which one.
    Conflict {
        /// Such as `already_enabled`.
        #[schema(example = "already_enabled")]
        reason: &'static str,
    },
    /// `invalid_code`: how many codes may still be tried.
    Attempts {
        /// At 0 no more code is taken.
        attempts_left: u32,
    },
    /// `factor_locked`: until when.
    Locked {
        /// `null` when the lock does not lift by itself.
        #[schema(format = DateTime, required = true)]
        locked_until: Option<String>,
    },
    /// `quota_exhausted`: which part of the quota.
    Quota {
        /// `turns` or `active_relationships`.
        component: &'static str,
    },
    /// `service_unavailable`: when to try again.
    Retry {
        /// Whole seconds.
        retry_after_seconds: u32,
    },
}

/// What is wrong with one field of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// A JSON pointer (RFC 6901) into the body; the empty pointer means the request as a whole.
    #[schema(example = "/account_name")]
    pub(crate) field: String,
    /// What is wrong, for programs.
    #[schema(example = "not_acceptable")]
    pub(crate) code: &'static str,
    /// What is wrong, for people.
    pub(crate) message: String,
}

impl FieldProblem {
    /// A problem of the request as a whole.
    pub(crate) fn of_request(code: &'static str, message: impl Into<String>) -> Self {
        Self { field: String::new(), code, message: message.into() }
    }
}

impl ErrorEnvelope {
    pub(crate) fn new(answer: &Answer, id: RequestId, documentation_url: &str) -> Self {
        let code = answer.code;
        Self {
            error: ErrorBody {
                code,
                r#type: code.kind(),
                message: answer.message.to_string(),
                request_id: id.to_string(),
                details: answer.details.clone(),
                documentation_url: format!("{documentation_url}/errors#{}", code.as_str()),
            },
        }
    }
}
