//! `PATCH /v1/webhooks/{webhook_id}`: change or pause a webhook.

use countersign_domain::webhooks::url::WebhookUrl;
use countersign_domain::webhooks::webhook::{Description, WebhookChange};
use utoipa::ToSchema;

use super::{ONE, Route, SCOPES, Verb, WebhookBody, named, read_events};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::refusal::problem::Problem;
use crate::reply;

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Patch,
    path: ONE,
    handler: Handler::Organization(SCOPES, |call, body| Box::pin(handle(call, body))),
    documented: || {
        Documented::new("change_webhook", "Change or pause a webhook")
            .describe(
                "Fields that are not given stay as they are. While a webhook is paused nothing is sent to it; what waits \
                 goes out when it is active again.",
            )
            .request(request::<WebhookRequest>().required())
            .success(success::<WebhookBody>())
            .unknown("webhook")
    },
};

/// The fields to change.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `asked` takes out of the body field by field")]
struct WebhookRequest {
    /// Where deliveries go: `https`, and a public address.
    #[schema(required = false, format = "uri", max_length = 2048)]
    url: String,
    /// What it is told of: names, families such as `two_factor.*`, or `*`.
    #[schema(required = false, min_items = 1, max_items = 32)]
    events: Vec<String>,
    /// A note of yours; `null` takes it away.
    #[schema(min_length = 1, max_length = 200)]
    description: Option<String>,
    /// `active` or `paused`.
    #[schema(required = false, example = "paused")]
    status: String,
}

async fn handle(call: OrganizationCall, body: Body) -> Outcome {
    let key = named(&call)?;
    let OrganizationCall { state, caller, .. } = call;
    let change = asked(Fields::of(body.object(&state.settings).await?))?;
    let use_case = state.api.manage_webhooks.clone();
    let work = async move { use_case.change(key, change, caller).await };
    reply::ok(&WebhookBody::from(state.detached(work).await?))
}

fn asked(mut fields: Fields) -> Result<WebhookChange, Problem> {
    fields.never_null(&["url", "events", "status"]);
    let change = WebhookChange {
        url: fields.optional("url", WebhookUrl::new),
        events: fields.texts("events", read_events),
        description: fields.nullable("description", Description::new),
        paused: fields.optional("status", |status| match status {
            "active" => Ok(false),
            "paused" => Ok(true),
            _ => Err("a status is `active` or `paused`"),
        }),
    };
    fields.finish(Some(change))
}
