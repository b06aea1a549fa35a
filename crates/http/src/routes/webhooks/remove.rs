//! `DELETE /v1/webhooks/{webhook_id}`: remove a webhook.

use serde::Serialize;
use utoipa::ToSchema;

use super::{ONE, Route, SCOPES, Verb, named};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Delete,
    path: ONE,
    handler: Handler::Organization(SCOPES, |call, _| Box::pin(handle(call))),
    documented: || {
        Documented::new("remove_webhook", "Remove a webhook")
            .describe("Its secrets, its log and whatever waits for it go with it.")
            .success(success::<RemovedBody>())
            .unknown("webhook")
    },
};

/// What was done.
#[derive(Serialize, ToSchema)]
#[schema(as = RemovedWebhookBody)]
struct RemovedBody {
    /// The webhook that is gone.
    #[schema(format = "ulid")]
    id: String,
}

async fn handle(call: OrganizationCall) -> Outcome {
    let key = named(&call)?;
    let OrganizationCall { state, caller, .. } = call;
    let use_case = state.api.manage_webhooks.clone();
    state.detached(async move { use_case.remove(key, caller).await }).await?;
    reply::ok(&RemovedBody { id: key.id.to_string() })
}
