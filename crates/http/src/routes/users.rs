//! `GET /v1/users`: the organization's users who have a second factor.

use countersign_domain::admission::scope::Scope;
use countersign_domain::identity::UserId;
use countersign_domain::two_factor::directory::{FactorState, ListedFactor, ListedUser, UserQuery};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::pagination::{Page, paged};
use super::{Route, Verb};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, QueryParameter, success};
use crate::query::parameters;
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/users",
    handler: Handler::Organization(&[Scope::TwoFactorRead], |call, _| Box::pin(handle(call))),
    documented,
};

/// A user who has a second factor.
#[derive(Serialize, ToSchema)]
struct ListedUserBody {
    /// The platform's id of the user.
    #[schema(min_length = 1, max_length = 255)]
    user_id: String,
    /// `pending` or `enabled`.
    #[schema(example = "enabled")]
    state: &'static str,
    /// Since when it is enabled.
    #[schema(format = DateTime, required = true)]
    enabled_at: Option<String>,
    /// Until when a pending set-up can be confirmed.
    #[schema(format = DateTime, required = true)]
    pending_expires_at: Option<String>,
}

/// Users by ascending id.
#[derive(Serialize, ToSchema)]
struct UserList {
    /// The users of this page.
    data: Vec<ListedUserBody>,
    /// What to send as `cursor` for the users that follow; `null` when there are none.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

impl From<ListedUser> for ListedUserBody {
    fn from(listed: ListedUser) -> Self {
        let (state, enabled_at, pending_expires_at) = match listed.factor {
            ListedFactor::Pending { expires_at } => ("pending", None, Some(expires_at)),
            ListedFactor::Enabled { enabled_at } => ("enabled", Some(enabled_at), None),
        };
        Self {
            user_id: listed.user.to_string(),
            state,
            enabled_at: enabled_at.map(|at| at.to_string()),
            pending_expires_at: pending_expires_at.map(|at| at.to_string()),
        }
    }
}

async fn handle(call: OrganizationCall) -> Outcome {
    let OrganizationCall { state: server, organization, environment, query, .. } = call;
    let mut parameters = parameters(&query)?;
    let state = parameters.optional("state", read_state);
    let page = Page::take(&mut parameters, |text| UserId::new(text).ok());
    let page = parameters.finish(Some(page))?;

    let (now, limit) = (server.api.clock.now(), page.to_read());
    let (organization, after) = (organization.id, page.after.clone());
    let query = UserQuery { organization, environment, state, now, after, limit };
    let users = server.in_time(server.api.users.page(query)).await??;
    let (users, next_cursor) = page.cut(users, |listed| listed.user.clone());
    reply::ok(&UserList { data: users.into_iter().map(Into::into).collect(), next_cursor })
}

fn read_state(text: &str) -> Result<FactorState, &'static str> {
    match text {
        "pending" => Ok(FactorState::Pending),
        "enabled" => Ok(FactorState::Enabled),
        "disabled" => Err(
            "users without a second factor are not kept; they are those of your users whom this list does \
                           not name",
        ),
        _ => Err("a state is `pending` or `enabled`"),
    }
}

fn documented() -> Documented {
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["pending", "enabled"]));
    let state = QueryParameter {
        name: "state",
        description: "Only users whose second factor is in this state.",
        schema: schema.build(),
    };
    let documented = Documented::new("list_users", "The users who have a second factor")
        .describe(
            "By ascending id, in the environment of the key. Nothing is kept of users without a second factor, so they \
             cannot be listed: they are those of your users who do not appear here. A set-up that has expired counts as \
             none.",
        )
        .query(state);
    paged(documented).success(success::<UserList>())
}
