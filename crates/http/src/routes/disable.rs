//! `POST /v1/me/2fa/disable`: a code turns 2FA off.

use countersign_domain::admission::scope::Scope;
use countersign_domain::two_factor::presented_code::PresentedCode;
use utoipa::ToSchema;

use super::status::StatusBody;
use super::{Idempotency, Route, Verb};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{AccountCall, Handler, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::Kept),
    path: "/v1/me/2fa/disable",
    handler: Handler::User(|call, body| Box::pin(handle(call, body))),
    documented,
};

pub(super) const OF_USER: Route = Route {
    path: "/v1/users/{user_id}/2fa/disable",
    handler: Handler::Platform(&[Scope::TwoFactorManage], |call, body| Box::pin(handle(call, body))),
    documented: || documented().for_user("disable_two_factor_of_user", "Turn a user's 2FA off, with a code"),
    ..ROUTE
};

/// A code.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct DisableRequest {
    /// What the authenticator shows, or a backup code.
    #[schema(example = "123456")]
    code: String,
}

async fn handle(call: AccountCall, body: Body) -> Outcome {
    let AccountCall { state, subject, organization, caller, .. } = call;
    let mut fields = Fields::of(body.object(&state.settings).await?);
    let code = fields.required("code", PresentedCode::parse);
    let code = fields.finish(code)?;

    let use_case = state.api.disable.clone();
    let policy = organization.policy;
    let work = async move { use_case.run(subject, code, policy, caller).await };
    let status = state.detached(work).await?;
    reply::ok(&StatusBody::of(status, &organization, &*state.api.clock))
}

fn documented() -> Documented {
    Documented::new("disable_two_factor", "Turn 2FA off, with a code")
        .describe(
            "The secret and the backup codes are removed. It is 403 while the organization requires 2FA.",
        )
        .request(request::<DisableRequest>().required())
        .success(success::<StatusBody>())
        .conflict("not_enabled")
        .locked()
}
