//! `PUT` and `DELETE /v1/usage/relationships/{id}`: begin and end a relationship.

use countersign_domain::admission::scope::Scope;
use countersign_domain::quota::ports::{NotAnId, RelationshipId};
use serde::Serialize;
use utoipa::ToSchema;

use super::UsageBody;
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{Handler, OrganizationCall, Outcome, path_parameter};
use crate::openapi::documented::{Documented, request, success};
use crate::refusal::problem::Problem;
use crate::reply;
use crate::routes::{Route, Verb};

const PATH: &str = "/v1/usage/relationships/{id}";

pub(in crate::routes) const PUT: Route = Route {
    verb: Verb::Put,
    path: PATH,
    handler: Handler::Organization(&[Scope::UsageWrite], |call, body| Box::pin(activate(call, body))),
    documented: || {
        Documented::new("activate_relationship", "Make a relationship active until it is ended")
            .describe(
                "It counts once in each billing period in which it is active, so a repetition counts nothing. 429 \
                 `quota_exhausted` when there is no place for one more.",
            )
            .request(request::<ActivateRequest>())
            .success(success::<ActivatedBody>())
    },
};

pub(in crate::routes) const DELETE: Route = Route {
    verb: Verb::Delete,
    path: PATH,
    handler: Handler::Organization(&[Scope::UsageWrite], |call, _| Box::pin(end(call))),
    documented: || {
        Documented::new("end_relationship", "End a relationship")
            .describe("The present billing period still counts it; its place is free from the next one on.")
            .success(success::<EndedBody>())
    },
};

/// Nothing more than the path says.
#[derive(ToSchema)]
struct ActivateRequest {}

/// A relationship that is active.
#[derive(Serialize, ToSchema)]
struct ActivatedBody {
    /// Whether this call made it so; `false` when it was active already.
    activated: bool,
    /// What is used with it.
    usage: UsageBody,
}

/// A relationship that is not active any more.
#[derive(Serialize, ToSchema)]
struct EndedBody {
    /// Whether this call ended it; `false` when it was not active.
    ended: bool,
    /// What is used; it still counts in this period.
    usage: UsageBody,
}

async fn activate(call: OrganizationCall, body: Body) -> Outcome {
    let id = relationship(&call)?;
    let OrganizationCall { state, organization, environment, .. } = call;
    Fields::of(body.optional_object(&state.settings).await?).finish(Some(()))?;
    let (use_case, account) = (state.api.relationships.clone(), (organization.id, environment));
    let work = async move { use_case.activate(&organization, environment, id).await };
    let activated = state.detached(work).await?;
    state.quotas.observe(account, activated.snapshot);
    reply::ok(&ActivatedBody { activated: activated.is_new, usage: activated.snapshot.into() })
}

async fn end(call: OrganizationCall) -> Outcome {
    let id = relationship(&call)?;
    let OrganizationCall { state, organization, environment, .. } = call;
    let use_case = state.api.relationships.clone();
    let work = async move { use_case.end(&organization, environment, id).await };
    let ended = state.detached(work).await?;
    reply::ok(&EndedBody { ended: ended.was_active, usage: ended.snapshot.into() })
}

fn relationship(call: &OrganizationCall) -> Result<RelationshipId, Problem> {
    let id = path_parameter(&call.request, "id").and_then(|id| RelationshipId::new(id).ok());
    id.ok_or_else(|| Problem::of_field("id", "not_acceptable", NotAnId))
}
