//! `GET /v1/webhooks/{webhook_id}/deliveries`: the log of a webhook.

use countersign_domain::webhooks::delivery::{AttemptOutcome, Delivery, DeliveryState};
use countersign_domain::webhooks::delivery_ports::DeliveryQuery;
use countersign_domain::webhooks::manage::WebhookError;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Route, SCOPES, Verb, named};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::query::parameters;
use crate::reply;
use crate::routes::pagination::{Page, paged};

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/webhooks/{webhook_id}/deliveries",
    handler: Handler::Organization(SCOPES, |call, _| Box::pin(handle(call))),
    documented: || {
        let documented = Documented::new("list_webhook_deliveries", "What was sent to a webhook");
        paged(documented.describe("The newest first; the log holds 30 days."))
            .success(success::<DeliveryList>())
            .unknown("webhook")
    },
};

/// An event on its way to a webhook.
#[derive(Serialize, ToSchema)]
struct DeliveryBody {
    /// The event's id, as the receiver sees it.
    #[schema(format = "ulid")]
    id: String,
    /// The event's name.
    #[schema(example = "two_factor.enabled")]
    r#type: String,
    /// `pending`, `delivered` or `abandoned`.
    #[schema(example = "delivered")]
    state: &'static str,
    /// When it was queued, for the first time or again.
    #[schema(format = DateTime)]
    queued_at: String,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next; `null` when it is finished.
    #[schema(required = true, format = DateTime)]
    next_attempt_at: Option<String>,
    /// When it was tried last.
    #[schema(required = true, format = DateTime)]
    last_attempt_at: Option<String>,
    /// The status of the last answer; `null` when there was none.
    #[schema(required = true, example = 204)]
    last_status: Option<u16>,
    /// Why there was no answer: `address_refused`, `name_not_resolved`, `not_connected`, `timed_out` or `no_answer`.
    #[schema(required = true)]
    last_failure: Option<&'static str>,
}

/// Deliveries of a webhook, the newest first.
#[derive(Serialize, ToSchema)]
struct DeliveryList {
    /// The deliveries of this page.
    data: Vec<DeliveryBody>,
    /// What to send as `cursor` for older ones; `null` when there are none.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        let next = match delivery.state {
            DeliveryState::Pending { next_attempt_at } => Some(next_attempt_at),
            DeliveryState::Delivered | DeliveryState::Abandoned => None,
        };
        let (last_status, last_failure) = match delivery.last.map(|last| last.outcome) {
            Some(AttemptOutcome::Answered(status)) => (Some(status), None),
            Some(AttemptOutcome::Failed(failure)) => (None, Some(failure.as_str())),
            None => (None, None),
        };
        Self {
            id: delivery.event.to_string(),
            r#type: delivery.name,
            state: delivery.state.as_str(),
            queued_at: delivery.queued_at.to_string(),
            attempts: delivery.attempts,
            next_attempt_at: next.map(|at| at.to_string()),
            last_attempt_at: delivery.last.map(|last| last.at.to_string()),
            last_status,
            last_failure,
        }
    }
}

async fn handle(call: OrganizationCall) -> Outcome {
    let webhook = named(&call)?;
    let OrganizationCall { state, query, .. } = call;
    let mut parameters = parameters(&query)?;
    let page = Page::take(&mut parameters, |text| text.parse().ok());
    let page = parameters.finish(Some(page))?;

    let known = state.in_time(state.api.webhooks.find(&webhook)).await??;
    known.ok_or(WebhookError::UnknownWebhook)?;
    let query = DeliveryQuery { webhook, before: page.after, limit: page.to_read() };
    let deliveries = state.in_time(state.api.deliveries.page(query)).await??;
    let (deliveries, next_cursor) = page.cut(deliveries, |delivery| delivery.event);
    reply::ok(&DeliveryList { data: deliveries.into_iter().map(Into::into).collect(), next_cursor })
}
