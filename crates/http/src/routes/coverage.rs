//! `GET /v1/organization/coverage`: how many users have a second factor.

use countersign_domain::admission::scope::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::{Route, Verb};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, QueryParameter, success};
use crate::query::parameters;
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/organization/coverage",
    handler: Handler::Organization(&[Scope::TwoFactorRead], |call, _| Box::pin(handle(call))),
    documented,
};

/// More users than any platform has; every number up to it is exact in JSON.
const MOST_USERS: u64 = 1_000_000_000_000;

/// How many users have a second factor.
#[derive(Serialize, ToSchema)]
struct CoverageBody {
    /// Whose second factor is in force.
    enabled: u64,
    /// Whose set-up waits for its first code.
    pending: u64,
    /// Who has neither, of the number of users that was given; `null` when none was.
    #[schema(required = true)]
    disabled: Option<u64>,
}

async fn handle(call: OrganizationCall) -> Outcome {
    let OrganizationCall { state, organization, environment, query, .. } = call;
    let mut parameters = parameters(&query)?;
    let users = parameters.optional("users", read_users);
    let users = parameters.finish(Some(users))?;

    let now = state.api.clock.now();
    let coverage = state.in_time(state.api.users.coverage(organization.id, environment, now)).await??;
    let disabled = users.map(|users| coverage.disabled_of(users));
    reply::ok(&CoverageBody { enabled: coverage.enabled, pending: coverage.pending, disabled })
}

fn read_users(text: &str) -> Result<u64, &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let users = text.parse().ok().filter(|users| plain && *users <= MOST_USERS);
    users.ok_or("it is a whole number from 0 to 1000000000000")
}

fn documented() -> Documented {
    let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(MOST_USERS));
    let users = QueryParameter {
        name: "users",
        description: "How many users you have, so that those without a second factor can be counted.",
        schema: schema.build(),
    };
    Documented::new("get_coverage", "How many users have a second factor")
        .describe(
            "In the environment of the key. Nothing is kept of users without a second factor; say in `users` how many you \
             have to be told how many are left.",
        )
        .query(users)
        .success(success::<CoverageBody>())
}
