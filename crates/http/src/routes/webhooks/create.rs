//! `POST /v1/webhooks`: a new webhook.

use countersign_domain::webhooks::events::EventFilter;
use countersign_domain::webhooks::manage::NewWebhook;
use countersign_domain::webhooks::url::WebhookUrl;
use countersign_domain::webhooks::webhook::Description;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Idempotency, PATH, Route, SCOPES, Verb, WebhookBody, read_events};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::reply;

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::KeptWithoutSecret),
    path: PATH,
    handler: Handler::Organization(SCOPES, |call, body| Box::pin(handle(call, body))),
    documented,
};

/// Whom to tell, and of what.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct NewWebhookRequest {
    /// Where deliveries go: `https`, and a public address.
    #[schema(format = "uri", max_length = 2048, example = "https://example.com/countersign")]
    url: String,
    /// What it is told of: names, families such as `two_factor.*`, or `*`, which is the default.
    #[schema(min_items = 1, max_items = 32, example = json!(["two_factor.*"]))]
    events: Option<Vec<String>>,
    /// A note of yours.
    #[schema(min_length = 1, max_length = 200)]
    description: Option<String>,
}

/// A webhook, and the secret that its deliveries are signed with, shown this once.
#[derive(Serialize, ToSchema)]
struct NewWebhookBody<'a> {
    #[serde(flatten)]
    webhook: WebhookBody,
    /// The key of HMAC-SHA256, as it stands. A repetition under the same `Idempotency-Key` is not shown it.
    #[schema(required = false, pattern = "^whsec_[A-Za-z0-9_-]{43}$")]
    secret: &'a str,
}

async fn handle(call: OrganizationCall, body: Body) -> Outcome {
    let OrganizationCall { state, organization, environment, caller, .. } = call;
    let mut fields = Fields::of(body.object(&state.settings).await?);
    let url = fields.required("url", WebhookUrl::new);
    let events = fields.texts("events", read_events).unwrap_or_else(EventFilter::all);
    let description = fields.optional("description", Description::new);
    let organization = organization.id;
    let new = url.map(|url| NewWebhook { organization, environment, url, events, description });
    let new = fields.finish(new)?;

    let use_case = state.api.manage_webhooks.clone();
    let (webhook, secret) = state.detached(async move { use_case.create(new, caller).await }).await?;
    reply::ok_secret(&NewWebhookBody { webhook: webhook.into(), secret: secret.expose() })
}

fn documented() -> Documented {
    Documented::new("create_webhook", "Be told of what happens")
        .describe(
            "Each event goes to the URL as one JSON document, signed with the secret; whatever is not answered with 2xx is \
             tried again for three days. A test key makes webhooks that are told of test data.",
        )
        .request(request::<NewWebhookRequest>().required())
        .success(success::<NewWebhookBody<'_>>())
        .conflict("too_many_webhooks")
}
