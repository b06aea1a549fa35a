//! `GET /v1/me/2fa`: the state of the caller's second factor.

use countersign_domain::admission::organization::Organization;
use countersign_domain::admission::scope::Scope;
use countersign_domain::time::Clock;
use countersign_domain::two_factor::status::TwoFactorStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Route, Verb};
use crate::gate::{AccountCall, Handler, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/me/2fa",
    handler: Handler::User(|call, _| Box::pin(handle(call))),
    documented,
};

/// The state of a second factor.
#[derive(Serialize, ToSchema)]
pub(super) struct StatusBody {
    /// Whether there is a second factor.
    state: State,
    /// Since when it is enabled.
    #[schema(format = DateTime, required = true)]
    enabled_at: Option<String>,
    /// Until when a pending set-up can be confirmed.
    #[schema(format = DateTime, required = true)]
    pending_expires_at: Option<String>,
    /// Unused backup codes of an enabled factor.
    #[schema(required = true)]
    backup_codes_remaining: Option<u8>,
    /// Until when no code of the authenticator is taken.
    #[schema(format = DateTime, required = true)]
    locked_until: Option<String>,
    /// Whether the organization's policy requires a second factor now.
    required: bool,
}

/// Whether there is a second factor.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// There is none.
    Disabled,
    /// A set-up waits for its first code.
    Pending,
    /// It is in force.
    Enabled,
}

impl StatusBody {
    /// The status of a user of `organization`.
    pub(super) fn of(status: TwoFactorStatus, organization: &Organization, clock: &dyn Clock) -> Self {
        let none = Self {
            state: State::Disabled,
            enabled_at: None,
            pending_expires_at: None,
            backup_codes_remaining: None,
            locked_until: None,
            required: organization.policy.requires_2fa(clock.now()),
        };
        match status {
            TwoFactorStatus::Disabled => none,
            TwoFactorStatus::Pending { expires_at } => {
                Self { state: State::Pending, pending_expires_at: Some(expires_at.to_string()), ..none }
            }
            TwoFactorStatus::Enabled { enabled_at, backup_codes_remaining, locked_until } => Self {
                state: State::Enabled,
                enabled_at: Some(enabled_at.to_string()),
                backup_codes_remaining: Some(backup_codes_remaining),
                locked_until: locked_until.map(|until| until.to_string()),
                ..none
            },
        }
    }
}

async fn handle(call: AccountCall) -> Outcome {
    let state = &call.state;
    let status = state.in_time(state.api.read_status.of(&call.subject)).await??;
    reply::ok(&StatusBody::of(status, &call.organization, &*state.api.clock))
}

pub(super) const OF_USER: Route = Route {
    path: "/v1/users/{user_id}/2fa",
    handler: Handler::Platform(&[Scope::TwoFactorRead], |call, _| Box::pin(handle(call))),
    documented: || {
        documented().for_user("get_two_factor_status_of_user", "The state of a user's second factor")
    },
    ..ROUTE
};

fn documented() -> Documented {
    Documented::new("get_two_factor_status", "The state of your second factor")
        .success(success::<StatusBody>())
}
