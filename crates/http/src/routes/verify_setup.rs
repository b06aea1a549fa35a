//! `POST /v1/me/2fa/verify-setup`: the first right code turns 2FA on.

use countersign_domain::admission::scope::Scope;
use countersign_domain::identity::SetupId;
use countersign_domain::two_factor::code::TotpCode;
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
    path: "/v1/me/2fa/verify-setup",
    handler: Handler::User(|call, body| Box::pin(handle(call, body))),
    documented,
};

/// A code that proves that the authenticator works.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct VerifySetupRequest {
    /// The code that the authenticator shows.
    #[schema(pattern = "^[0-9]{6,8}$", example = "123456")]
    code: String,
    /// The set-up that is meant; without it, the one that is pending.
    #[schema(format = "ulid")]
    setup_id: Option<String>,
}

async fn handle(call: AccountCall, body: Body) -> Outcome {
    let AccountCall { state, subject, organization, caller, .. } = call;
    let mut fields = Fields::of(body.object(&state.settings).await?);
    let code = fields.required("code", TotpCode::of_any_length);
    let setup = fields.optional("setup_id", str::parse::<SetupId>);
    let code = fields.finish(code)?;

    let use_case = state.api.verify_setup.clone();
    let work = async move { use_case.run(subject, code, setup, caller).await };
    let status = state.detached(work).await?;
    reply::ok(&StatusBody::of(status, &organization, &*state.api.clock))
}

pub(super) const OF_USER: Route = Route {
    path: "/v1/users/{user_id}/2fa/verify-setup",
    handler: Handler::Platform(&[Scope::TwoFactorManage], |call, body| Box::pin(handle(call, body))),
    documented: || {
        documented()
            .for_user("verify_two_factor_setup_of_user", "Turn 2FA on for a user, with the first code")
    },
    ..ROUTE
};

fn documented() -> Documented {
    Documented::new("verify_two_factor_setup", "Turn 2FA on with the first code")
        .describe("A set-up has five attempts; the last wrong one ends it.")
        .request(request::<VerifySetupRequest>().required())
        .success(success::<StatusBody>())
        .conflict("no_pending_setup, setup_expired, setup_replaced or already_enabled")
}
