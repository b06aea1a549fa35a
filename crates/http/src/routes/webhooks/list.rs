//! `GET /v1/webhooks`: the organization's webhooks.

use countersign_domain::webhooks::ports::WebhookQuery;
use serde::Serialize;
use utoipa::ToSchema;

use super::{PATH, Route, SCOPES, Verb, WebhookBody};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::query::parameters;
use crate::reply;
use crate::routes::pagination::{Page, paged};

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: PATH,
    handler: Handler::Organization(SCOPES, |call, _| Box::pin(handle(call))),
    documented: || {
        let documented = Documented::new("list_webhooks", "The webhooks of the key's environment");
        paged(documented.describe("In the order in which they were made.")).success(success::<WebhookList>())
    },
};

/// Webhooks by ascending id.
#[derive(Serialize, ToSchema)]
struct WebhookList {
    /// The webhooks of this page.
    data: Vec<WebhookBody>,
    /// What to send as `cursor` for the webhooks that follow; `null` when there are none.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

async fn handle(call: OrganizationCall) -> Outcome {
    let OrganizationCall { state, organization, environment, query, .. } = call;
    let mut parameters = parameters(&query)?;
    let page = Page::take(&mut parameters, |text| text.parse().ok());
    let page = parameters.finish(Some(page))?;

    let (after, limit) = (page.after, page.to_read());
    let query = WebhookQuery { organization: organization.id, environment, after, limit };
    let webhooks = state.in_time(state.api.webhooks.page(query)).await??;
    let (webhooks, next_cursor) = page.cut(webhooks, |webhook| webhook.key.id);
    reply::ok(&WebhookList { data: webhooks.into_iter().map(Into::into).collect(), next_cursor })
}
