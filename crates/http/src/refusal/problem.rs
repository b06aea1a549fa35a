//! Everything that can stand between a request and its success.

use std::error::Error;
use std::fmt::Display;

use countersign_domain::admission::admit::AdmissionError;
use countersign_domain::admission::principal::PermissionDenied;
use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::answer_once::RepetitionError;
use countersign_domain::quota::consume::ConsumeTurnsError;
use countersign_domain::quota::meter::{PermitError, QuotaRefusal};
use countersign_domain::two_factor::change_policy::ChangePolicyError;
use countersign_domain::two_factor::disable::DisableError;
use countersign_domain::two_factor::import::ImportError;
use countersign_domain::two_factor::proof::ProofError;
use countersign_domain::two_factor::setup::StartSetupError;
use countersign_domain::two_factor::verify_setup::VerifySetupError;
use countersign_domain::webhooks::manage::WebhookError;

use super::envelope::FieldProblem;
use crate::body::BodyProblem;
use crate::credentials::MisplacedCredentials;

/// Why a request does not succeed. The texts are for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// No route has this path.
    #[error("no such route")]
    NoRoute,
    /// The path has no route for this method.
    #[error("the route has no such method")]
    Method {
        /// The methods it has.
        allow: String,
    },
    /// The head of a request cannot be read.
    #[error("the head of the request cannot be read")]
    Head(HeadProblem),
    /// Credentials where none are taken.
    #[error(transparent)]
    Credentials(#[from] MisplacedCredentials),
    /// The call is not let in.
    #[error(transparent)]
    Admission(#[from] AdmissionError),
    /// The caller may not do this.
    #[error(transparent)]
    Permission(#[from] PermissionDenied),
    /// The body cannot be read.
    #[error(transparent)]
    Body(#[from] BodyProblem),
    /// The body can be read, but fields of it are not acceptable.
    #[error("fields are not acceptable")]
    Fields(Vec<FieldProblem>),
    /// No set-up was begun.
    #[error(transparent)]
    StartSetup(#[from] StartSetupError),
    /// A set-up was not confirmed.
    #[error(transparent)]
    VerifySetup(#[from] VerifySetupError),
    /// A code was not accepted.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// 2FA was not turned off.
    #[error(transparent)]
    Disable(#[from] DisableError),
    /// A factor was not taken over.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A policy was not changed.
    #[error(transparent)]
    ChangePolicy(#[from] ChangePolicyError),
    /// A repetition is not answered.
    #[error(transparent)]
    Repetition(#[from] RepetitionError),
    /// No turns were consumed.
    #[error(transparent)]
    ConsumeTurns(#[from] ConsumeTurnsError),
    /// A relationship was not made active.
    #[error(transparent)]
    Activate(#[from] PermitError),
    /// A webhook was not made, changed or used.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// A port could not do its job.
    #[error(transparent)]
    Port(#[from] PortFailure),
    /// A step of ours took too long; nothing is known of its outcome.
    #[error("the request took too long")]
    Deadline,
    /// A task of ours was lost.
    #[error("a task was lost")]
    Lost(#[source] tokio::task::JoinError),
    /// A handler panicked; the panic hook has told what.
    #[error("a handler panicked")]
    Panic,
    /// An answer could not be written.
    #[error("the answer could not be written")]
    Unwritable(#[source] Box<dyn Error + Send + Sync>),
}

/// What is wrong with the head of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeadProblem {
    /// It is no HTTP that we can read.
    Malformed,
    /// It came too slowly.
    TooSlow,
    /// It is too large.
    TooLarge,
    /// We lost track of the connection.
    Internal,
}

impl Problem {
    /// One field, or one part of the path, is not acceptable.
    pub(crate) fn of_field(name: &str, code: &'static str, message: impl Display) -> Self {
        Self::Fields(vec![FieldProblem { field: format!("/{name}"), code, message: message.to_string() }])
    }

    /// The quota that is used up, if that is the problem.
    pub(crate) const fn quota_refusal(&self) -> Option<&QuotaRefusal> {
        match self {
            Self::StartSetup(StartSetupError::Quota(refusal))
            | Self::ConsumeTurns(ConsumeTurnsError::Exhausted(refusal))
            | Self::Activate(PermitError::Exhausted(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// The problem with all its causes, in one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let next = error.to_string();
            if !text.ends_with(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
            cause = error.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_every_cause_once() {
        let failure = PortFailure::unavailable("disk full");
        let problem = Problem::StartSetup(StartSetupError::Failure(failure));
        assert_eq!(problem.chain(), "unavailable: disk full");
    }
}
