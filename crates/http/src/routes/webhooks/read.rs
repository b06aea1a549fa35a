//! `GET /v1/webhooks/{webhook_id}`: one webhook.

use countersign_domain::webhooks::manage::WebhookError;

use super::{ONE, Route, SCOPES, Verb, WebhookBody, named};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: ONE,
    handler: Handler::Organization(SCOPES, |call, _| Box::pin(handle(call))),
    documented: || {
        let documented = Documented::new("get_webhook", "One webhook");
        documented.success(success::<WebhookBody>()).unknown("webhook")
    },
};

async fn handle(call: OrganizationCall) -> Outcome {
    let key = named(&call)?;
    let found = call.state.in_time(call.state.api.webhooks.find(&key)).await??;
    reply::ok(&WebhookBody::from(found.ok_or(WebhookError::UnknownWebhook)?))
}
