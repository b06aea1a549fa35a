//! `POST /v1/users/{user_id}/2fa/reset`: the platform removes a user's factor without a code.

use countersign_domain::admission::scope::Scope;
use countersign_domain::two_factor::reset::ResetReason;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Idempotency, Route, Verb};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{AccountCall, Handler, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::Kept),
    path: "/v1/users/{user_id}/2fa/reset",
    handler: Handler::Platform(&[Scope::TwoFactorReset, Scope::TwoFactorManage], |call, body| {
        Box::pin(handle(call, body))
    }),
    documented,
};

/// Why.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct ResetRequest {
    /// The reason, for the audit trail.
    #[schema(min_length = 1, max_length = 500, example = "lost phone, identity checked by support")]
    reason: String,
}

/// What was done.
#[derive(Serialize, ToSchema)]
struct ResetBody {
    /// Whether there was a factor; a repetition finds none.
    removed: bool,
}

async fn handle(call: AccountCall, body: Body) -> Outcome {
    let AccountCall { state, subject, caller, .. } = call;
    let mut fields = Fields::of(body.object(&state.settings).await?);
    let reason = fields.required("reason", ResetReason::new);
    let reason = fields.finish(reason)?;

    let use_case = state.api.reset.clone();
    let removed = state.detached(async move { use_case.run(&subject, reason, &caller).await }).await?;
    reply::ok(&ResetBody { removed })
}

fn documented() -> Documented {
    Documented::new("reset_two_factor_of_user", "Remove a user's second factor without a code")
        .describe(
            "For a user who has lost everything. It works without any key, and is told in the audit trail.",
        )
        .request(request::<ResetRequest>().required())
        .success(success::<ResetBody>())
}
