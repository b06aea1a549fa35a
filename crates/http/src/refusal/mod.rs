//! Refusals: what went wrong, what the caller is told, and which headers go with it.

pub(crate) mod answer;
pub(crate) mod code;
pub(crate) mod envelope;
pub(crate) mod problem;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use countersign_domain::admission::admit::AdmissionError;
use countersign_domain::admission::organization::Organization;
use countersign_domain::identity::{Environment, RequestId};
use countersign_domain::quota::snapshot::QuotaSnapshot;

use crate::boundary::Disposition;
use crate::reply::headers::{set, set_quota};
use crate::reply::rate::Rate;
use crate::state::State;
use answer::{Answer, Extra};
use envelope::ErrorEnvelope;
use problem::Problem;

/// Whose quota a refused call would have used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Account {
    pub(crate) organization: Arc<Organization>,
    pub(crate) environment: Environment,
}

/// A problem with what is known of the call.
pub(crate) struct Refusal {
    pub(crate) problem: Problem,
    /// What a bucket said, if one was asked.
    pub(crate) rate: Option<Rate>,
    /// The caller's account, once it is known.
    pub(crate) account: Option<Account>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, rate: None, account: None }
    }
}

impl From<AdmissionError> for Refusal {
    fn from(error: AdmissionError) -> Self {
        let (rate, account) = match &error {
            AdmissionError::MissingCredentials { rate } | AdmissionError::Unauthenticated { rate, .. } => {
                (rate.map(Rate::Client), None)
            }
            AdmissionError::ClientRateLimited { rate } => (Some(Rate::Client(*rate)), None),
            AdmissionError::OrganizationRateLimited { caller, rate }
            | AdmissionError::Suspended { caller, rate } => {
                let organization = Arc::new(caller.organization.clone());
                let account = Account { organization, environment: caller.principal.environment() };
                (Some(Rate::Organization(*rate)), Some(account))
            }
            AdmissionError::Failure(_) => (None, None),
        };
        Self { problem: error.into(), rate, account }
    }
}

impl Refusal {
    /// The response. The one place where the detail of a fault of ours is logged.
    pub(crate) async fn respond(self, state: &State, id: RequestId) -> HttpResponse {
        let now = state.api.clock.now();
        let (problem, quota) = match self.quota(state).await {
            Ok(quota) => (self.problem, quota),
            Err(unread) => (unread, None),
        };
        let answer = problem.answer();
        if answer.status.is_server_error() {
            tracing::error!(requestId = %id, code = answer.code.as_str(), error = problem.chain(), "request failed");
        }
        let mut response = answer.respond(id, &state.api.documentation_url);
        let headers = response.headers_mut();
        if let Some(rate) = self.rate {
            rate.set(headers, now);
        }
        if let Some(quota) = &quota {
            set_quota(headers, quota);
        }
        if let Some(retry_at) = answer.retry_at {
            set(headers, RETRY_AFTER, retry_at.whole_seconds_from(now));
        }
        response.extensions_mut().insert(Disposition {
            code: Some(answer.code.as_str()),
            cause: (!answer.status.is_server_error()).then(|| problem.chain()),
            organization: self.account.map(|account| account.organization.id),
        });
        response
    }

    /// The quota that goes with 403 and 429. Without it those answers would be incomplete, so a quota that cannot be
    /// read takes their place.
    async fn quota(&self, state: &State) -> Result<Option<QuotaSnapshot>, Problem> {
        if let Some(refusal) = self.problem.quota_refusal() {
            return Ok(Some(refusal.snapshot));
        }
        let status = self.problem.answer().status;
        let shows_quota = matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS);
        match &self.account {
            Some(account) if shows_quota => {
                let snapshot = state.quotas.snapshot(&account.organization, account.environment);
                Ok(Some(state.in_time(snapshot).await??))
            }
            _ => Ok(None),
        }
    }
}

impl Answer {
    /// The response without what the buckets and the quota add to it.
    fn respond(&self, id: RequestId, documentation_url: &str) -> HttpResponse {
        let mut builder = HttpResponse::build(self.status);
        match &self.extra {
            Extra::None => {}
            Extra::Challenge(challenge) => {
                builder.insert_header((WWW_AUTHENTICATE, challenge.as_str()));
            }
            Extra::Allow(methods) => {
                builder.insert_header((ALLOW, methods.as_str()));
            }
            Extra::Close => {
                builder.force_close();
            }
        }
        builder.json(ErrorEnvelope::new(self, id, documentation_url))
    }
}
