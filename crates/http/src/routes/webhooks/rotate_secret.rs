//! `POST /v1/webhooks/{webhook_id}/rotate-secret`: a new signing secret.

use std::time::Duration;

use countersign_domain::webhooks::manage::ManageWebhooks;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Idempotency, Route, SCOPES, Verb, named};
use crate::body::Body;
use crate::body::fields::{Fields, within};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::reply;

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::KeptWithoutSecret),
    path: "/v1/webhooks/{webhook_id}/rotate-secret",
    handler: Handler::Organization(SCOPES, |call, body| Box::pin(handle(call, body))),
    documented: || {
        Documented::new("rotate_webhook_secret", "A new signing secret")
            .describe(
                "Until the old secret's time is over, deliveries carry two signatures, the new one first. A second rotation \
                 before that ends the oldest secret at once.",
            )
            .request(request::<RotationRequest>())
            .success(success::<RotatedBody<'_>>())
            .unknown("webhook")
    },
};

/// How long the old secret signs, too.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct RotationRequest {
    /// In seconds.
    #[schema(required = false, minimum = 0, maximum = 604_800, default = 86_400)]
    overlap_seconds: u32,
}

/// The new secret, shown this once.
#[derive(Serialize, ToSchema)]
struct RotatedBody<'a> {
    /// The key of HMAC-SHA256, as it stands. A repetition under the same `Idempotency-Key` is not shown it.
    #[schema(required = false, pattern = "^whsec_[A-Za-z0-9_-]{43}$")]
    secret: &'a str,
    /// Until when deliveries are signed with the old secret, too.
    #[schema(format = DateTime)]
    old_secret_valid_until: String,
}

async fn handle(call: OrganizationCall, body: Body) -> Outcome {
    let key = named(&call)?;
    let OrganizationCall { state, caller, .. } = call;
    let mut fields = Fields::of(body.optional_object(&state.settings).await?);
    let overlap = fields
        .integer("overlap_seconds", |seconds| within(seconds, overlap, "it is 0 to 604800 seconds"))
        .unwrap_or(ManageWebhooks::OVERLAP);
    let overlap = fields.finish(Some(overlap))?;

    let use_case = state.api.manage_webhooks.clone();
    let work = async move { use_case.rotate_secret(key, overlap, caller).await };
    let (secret, until) = state.detached(work).await?;
    let old_secret_valid_until = until.to_string();
    reply::ok_secret(&RotatedBody { secret: secret.expose(), old_secret_valid_until })
}

fn overlap(seconds: u32) -> Option<Duration> {
    let overlap = Duration::from_secs(seconds.into());
    (overlap <= ManageWebhooks::LONGEST_OVERLAP).then_some(overlap)
}
