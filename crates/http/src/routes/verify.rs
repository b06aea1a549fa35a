//! `POST /v1/me/2fa/verify`: a code proves the second factor, for a sign-in or before something that needs it.

use countersign_domain::admission::scope::Scope;
use countersign_domain::two_factor::assertion::{AssertionBinding, BoundText};
use countersign_domain::two_factor::presented_code::PresentedCode;
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
    path: "/v1/me/2fa/verify",
    handler: Handler::User(|call, body| Box::pin(handle(call, body))),
    documented,
};

pub(super) const OF_USER: Route = Route {
    path: "/v1/users/{user_id}/2fa/verify",
    handler: Handler::Platform(&[Scope::TwoFactorVerify], |call, body| Box::pin(handle(call, body))),
    documented: || documented().for_user("verify_code_of_user", "Verify a user's code"),
    ..ROUTE
};

/// A code, and what it is for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct VerifyRequest {
    /// What the authenticator shows, or a backup code.
    #[schema(example = "123456")]
    code: String,
    /// What the user is about to do; it comes back as a claim of the assertion.
    #[schema(max_length = 255, example = "payment")]
    purpose: Option<String>,
    /// The transaction that the assertion is bound to, such as a digest of a payment; it comes back as a claim.
    #[schema(max_length = 255)]
    txn: Option<String>,
}

/// The second factor is proven.
#[derive(Serialize, ToSchema)]
struct VerifyBody<'a> {
    /// `totp` or `backup_code`.
    #[schema(example = "totp")]
    method: &'static str,
    /// Unused backup codes.
    backup_codes_remaining: u8,
    /// A JWT (`EdDSA`, five minutes) that any service checks with the keys at `/.well-known/jwks.json`.
    assertion: &'a str,
}

async fn handle(call: AccountCall, body: Body) -> Outcome {
    let AccountCall { state, subject, organization, caller, .. } = call;
    let lockout = organization.policy.lockout();
    let mut fields = Fields::of(body.object(&state.settings).await?);
    let code = fields.required("code", PresentedCode::parse);
    let purpose = fields.optional("purpose", |text| BoundText::new(text));
    let transaction = fields.optional("txn", |text| BoundText::new(text));
    let code = fields.finish(code)?;

    let binding = AssertionBinding { purpose, transaction };
    let use_case = state.api.verify_code.clone();
    let work = async move { use_case.run(subject, code, lockout, binding, caller).await };
    let verified = state.detached(work).await?;
    reply::ok_secret(&VerifyBody {
        method: verified.proof.method.as_str(),
        backup_codes_remaining: verified.proof.backup_codes_remaining,
        assertion: &verified.assertion,
    })
}

fn documented() -> Documented {
    Documented::new("verify_code", "Prove your second factor")
        .describe("A code is accepted once. TOTP codes and backup codes are told apart by their shape.")
        .request(request::<VerifyRequest>().required())
        .success(success::<VerifyBody<'_>>())
        .conflict("not_enabled")
        .locked()
}
