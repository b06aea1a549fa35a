//! `POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver`: send an event once more.

use countersign_domain::webhooks::delivery::DeliveryKey;
use countersign_domain::webhooks::manage::WebhookError;

use super::test::QueuedBody;
use super::{Idempotency, Route, SCOPES, Verb, named};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{Handler, OrganizationCall, Outcome, path_parameter};
use crate::openapi::documented::{Documented, success};
use crate::reply;

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::Kept),
    path: "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
    handler: Handler::Organization(SCOPES, |call, body| Box::pin(handle(call, body))),
    documented: || {
        Documented::new("redeliver_webhook", "Send an event once more")
            .describe("For a delivery that is finished, whether it was delivered or given up.")
            .success(success::<QueuedBody>())
            .unknown("delivery")
            .conflict("delivery_pending")
    },
};

async fn handle(call: OrganizationCall, body: Body) -> Outcome {
    let webhook = named(&call)?;
    let event = path_parameter(&call.request, "delivery_id").and_then(|id| id.parse().ok());
    let event = event.ok_or(WebhookError::UnknownDelivery)?;
    let OrganizationCall { state, .. } = call;
    Fields::of(body.optional_object(&state.settings).await?).finish(Some(()))?;
    let use_case = state.api.manage_webhooks.clone();
    let work = async move { use_case.redeliver(DeliveryKey { webhook, event }).await };
    state.detached(work).await?;
    reply::ok(&QueuedBody { delivery_id: event.to_string() })
}
