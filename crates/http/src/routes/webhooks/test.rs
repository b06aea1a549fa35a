//! `POST /v1/webhooks/{webhook_id}/test`: try a webhook out.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Idempotency, Route, SCOPES, Verb, named};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::Kept),
    path: "/v1/webhooks/{webhook_id}/test",
    handler: Handler::Organization(SCOPES, |call, body| Box::pin(handle(call, body))),
    documented: || {
        Documented::new("test_webhook", "Try a webhook out")
            .describe(
                "Sends the event `webhook.test` to this webhook alone, whatever it is told of otherwise. A success makes a \
                 failing webhook active again.",
            )
            .success(success::<QueuedBody>())
            .unknown("webhook")
    },
};

/// What is on its way.
#[derive(Serialize, ToSchema)]
pub(super) struct QueuedBody {
    /// The delivery, which is the event's id.
    #[schema(format = "ulid")]
    pub(super) delivery_id: String,
}

async fn handle(call: OrganizationCall, body: Body) -> Outcome {
    let key = named(&call)?;
    let OrganizationCall { state, caller, .. } = call;
    Fields::of(body.optional_object(&state.settings).await?).finish(Some(()))?;
    let use_case = state.api.manage_webhooks.clone();
    let event = state.detached(async move { use_case.test(key, caller).await }).await?;
    reply::ok(&QueuedBody { delivery_id: event.to_string() })
}
