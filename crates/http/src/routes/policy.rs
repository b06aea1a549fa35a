//! `GET` and `PATCH /v1/organization/policy`: what the organization asks of its users' second factors.

use std::future::ready;

use countersign_domain::admission::scope::Scope;
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::policy::{
    CodeLength, LockLength, MaxAttempts, OrganizationPolicy, PolicyChange,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Route, Verb};
use crate::body::Body;
use crate::body::fields::{Fields, within};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::refusal::problem::Problem;
use crate::reply;

const PATH: &str = "/v1/organization/policy";

pub(super) const GET: Route = Route {
    verb: Verb::Get,
    path: PATH,
    handler: Handler::Organization(&[Scope::TwoFactorRead], |call, _| Box::pin(ready(read(&call)))),
    documented: || {
        Documented::new("get_policy", "What the organization asks of second factors")
            .success(success::<PolicyBody>())
    },
};

pub(super) const PATCH: Route = Route {
    verb: Verb::Patch,
    path: PATH,
    handler: Handler::Organization(&[Scope::PolicyManage], |call, body| Box::pin(change(call, body))),
    documented: || {
        Documented::new("change_policy", "Change what the organization asks of second factors")
            .describe(
                "Fields that are not given stay as they are. The policy holds for live and test users, so only a live \
                 API key changes it. A change is in force within five seconds.",
            )
            .request(request::<PolicyRequest>().required())
            .success(success::<PolicyBody>())
    },
};

/// The fields to change.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `change` takes out of the body field by field")]
struct PolicyRequest {
    /// Whether users need a second factor: where they do, they cannot turn it off.
    #[schema(required = false)]
    require_2fa: bool,
    /// From when on they need it; `null` means at once.
    #[schema(format = DateTime, example = "2027-01-01T00:00:00Z")]
    enforce_after: Option<String>,
    /// Wrong TOTP codes in a row that lock for the first time.
    #[schema(required = false, minimum = 3, maximum = 10)]
    max_attempts: u8,
    /// How long the first lock is; each further wrong code doubles it, up to an hour.
    #[schema(required = false, minimum = 30, maximum = 3600)]
    lock_seconds: u16,
    /// How many digits the codes of new factors have: 6 or 8. Factors that are there keep theirs.
    #[schema(required = false, minimum = 6, maximum = 8, multiple_of = 2)]
    digits: u8,
}

/// What the organization asks of second factors.
#[derive(Serialize, ToSchema)]
struct PolicyBody {
    /// Whether users need a second factor: where they do, they cannot turn it off.
    require_2fa: bool,
    /// From when on they need it; `null` means at once.
    #[schema(format = DateTime, required = true)]
    enforce_after: Option<String>,
    /// Wrong TOTP codes in a row that lock for the first time.
    #[schema(minimum = 3, maximum = 10)]
    max_attempts: u8,
    /// How long the first lock is; each further wrong code doubles it, up to an hour.
    #[schema(minimum = 30, maximum = 3600)]
    lock_seconds: u16,
    /// How many digits the codes of new factors have: 6 or 8.
    #[schema(minimum = 6, maximum = 8, multiple_of = 2)]
    digits: u8,
}

impl From<OrganizationPolicy> for PolicyBody {
    fn from(policy: OrganizationPolicy) -> Self {
        Self {
            require_2fa: policy.require_2fa,
            enforce_after: policy.enforce_after.map(|from| from.to_string()),
            max_attempts: policy.max_attempts.number(),
            lock_seconds: policy.lock.as_seconds(),
            digits: policy.digits.digits().count(),
        }
    }
}

fn read(call: &OrganizationCall) -> Outcome {
    reply::ok(&PolicyBody::from(call.organization.policy))
}

async fn change(call: OrganizationCall, body: Body) -> Outcome {
    let OrganizationCall { state, organization, environment, caller, .. } = call;
    let change = asked(Fields::of(body.object(&state.settings).await?))?;
    let use_case = state.api.change_policy.clone();
    let work = async move { use_case.run(organization.id, environment, change, caller).await };
    reply::ok(&PolicyBody::from(state.detached(work).await?))
}

fn asked(mut fields: Fields) -> Result<PolicyChange, Problem> {
    let change = PolicyChange {
        require_2fa: fields.flag("require_2fa"),
        enforce_after: fields.nullable("enforce_after", str::parse::<Timestamp>),
        max_attempts: fields
            .integer("max_attempts", |number| within(number, MaxAttempts::new, "it is 3 to 10 wrong codes")),
        lock: fields.integer("lock_seconds", |number| {
            within(number, LockLength::from_seconds, "it is 30 to 3600 seconds")
        }),
        digits: fields.integer("digits", |number| within(number, CodeLength::from_count, "it is 6 or 8")),
    };
    fields.finish(Some(change))
}
