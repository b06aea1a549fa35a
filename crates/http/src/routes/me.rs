//! `GET /v1/me`: who the caller is.

use serde::Serialize;
use utoipa::ToSchema;

use super::status::StatusBody;
use super::{Route, Verb};
use crate::gate::{AccountCall, Handler, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/me",
    handler: Handler::User(|call, _| Box::pin(handle(call))),
    documented,
};

/// The caller.
#[derive(Serialize, ToSchema)]
struct MeBody {
    user: UserBody,
    organization: OrganizationBody,
    plan: PlanBody,
    two_factor: StatusBody,
}

/// The user.
#[derive(Serialize, ToSchema)]
struct UserBody {
    /// The platform's id of the user.
    id: String,
}

/// The user's organization.
#[derive(Serialize, ToSchema)]
struct OrganizationBody {
    /// Its id, a ULID.
    #[schema(format = "ulid")]
    id: String,
    /// What it is called.
    name: String,
}

/// The organization's plan.
#[derive(Serialize, ToSchema)]
struct PlanBody {
    /// Its name.
    id: String,
}

async fn handle(call: AccountCall) -> Outcome {
    let state = &call.state;
    let status = state.in_time(state.api.read_status.of(&call.subject)).await??;
    let organization = &call.organization;
    reply::ok(&MeBody {
        user: UserBody { id: call.subject.user.to_string() },
        organization: OrganizationBody {
            id: organization.id.to_string(),
            name: organization.name.as_str().to_owned(),
        },
        plan: PlanBody { id: organization.plan.id.to_string() },
        two_factor: StatusBody::of(status, organization, &*state.api.clock),
    })
}

fn documented() -> Documented {
    Documented::new("get_me", "Who you are").success(success::<MeBody>())
}
