//! `/v1/webhooks…`: whom the organization has told of what happens. A key manages the webhooks of its environment.

pub(super) mod change;
pub(super) mod create;
pub(super) mod deliveries;
pub(super) mod list;
pub(super) mod read;
pub(super) mod redeliver;
pub(super) mod remove;
pub(super) mod rotate_secret;
pub(super) mod test;

use countersign_domain::admission::scope::Scope;
use countersign_domain::identity::{Environment, WebhookId};
use countersign_domain::webhooks::events::{EventFilter, EventPattern, NotAnEventFilter, NotAnEventPattern};
use countersign_domain::webhooks::manage::WebhookError;
use countersign_domain::webhooks::webhook::{Webhook, WebhookKey};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Idempotency, Route, Verb};
use crate::gate::{OrganizationCall, path_parameter};
use crate::refusal::problem::Problem;

const SCOPES: &[Scope] = &[Scope::WebhooksManage];

const PATH: &str = "/v1/webhooks";
const ONE: &str = "/v1/webhooks/{webhook_id}";

/// A webhook. Its secret is shown when it is made or rotated, and never again.
#[derive(Serialize, ToSchema)]
struct WebhookBody {
    /// Its id.
    #[schema(format = "ulid")]
    id: String,
    /// `live` or `test`: where what it is told of happens.
    #[schema(example = "live")]
    environment: &'static str,
    /// Where its deliveries go.
    #[schema(format = "uri", example = "https://example.com/countersign")]
    url: String,
    /// What it is told of: names, families such as `two_factor.*`, or `*`.
    #[schema(example = json!(["two_factor.*"]))]
    events: Vec<String>,
    /// What is noted about it.
    #[schema(required = true)]
    description: Option<String>,
    /// `active`; `paused`, so that nothing is sent; or `failing` after a delivery was given up.
    #[schema(example = "active")]
    status: &'static str,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when deliveries are signed with the secret before the present one, too.
    #[schema(required = true, format = DateTime)]
    old_secret_valid_until: Option<String>,
}

impl From<Webhook> for WebhookBody {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.key.id.to_string(),
            environment: Environment::as_str(webhook.key.environment),
            url: webhook.url.as_str().to_owned(),
            events: webhook.events.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            description: webhook.description.map(|text| text.as_str().to_owned()),
            status: webhook.status.as_str(),
            created_at: webhook.created_at.to_string(),
            old_secret_valid_until: webhook.old_secret_until.map(|until| until.to_string()),
        }
    }
}

/// The webhook that the path names. What is no id cannot be the id of one.
fn named(call: &OrganizationCall) -> Result<WebhookKey, Problem> {
    let id = path_parameter(&call.request, "webhook_id").and_then(|id| id.parse::<WebhookId>().ok());
    let id = id.ok_or(WebhookError::UnknownWebhook)?;
    Ok(WebhookKey { organization: call.organization.id, environment: call.environment, id })
}

#[derive(Debug, thiserror::Error)]
enum NotEvents {
    #[error(transparent)]
    Pattern(#[from] NotAnEventPattern),
    #[error(transparent)]
    Filter(#[from] NotAnEventFilter),
}

fn read_events(texts: &[&str]) -> Result<EventFilter, NotEvents> {
    let patterns = texts.iter().map(|text| text.parse::<EventPattern>());
    Ok(EventFilter::new(patterns.collect::<Result<Vec<_>, _>>()?)?)
}
