//! `POST /v1/me/2fa/backup-codes`: ten new backup codes; the old ones are void at once.

use countersign_domain::admission::scope::Scope;
use countersign_domain::two_factor::backup_code::BackupCode;
use countersign_domain::two_factor::code::TotpCode;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{Idempotency, Route, Verb};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{AccountCall, Handler, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::KeptWithSecrets),
    path: "/v1/me/2fa/backup-codes",
    handler: Handler::User(|call, body| Box::pin(handle(call, body))),
    documented,
};

pub(super) const OF_USER: Route = Route {
    path: "/v1/users/{user_id}/2fa/backup-codes",
    handler: Handler::Platform(&[Scope::TwoFactorManage], |call, body| Box::pin(handle(call, body))),
    documented: || {
        documented().for_user("regenerate_backup_codes_of_user", "Ten new backup codes for a user")
    },
    ..ROUTE
};

/// A fresh TOTP code.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct BackupCodesRequest {
    /// What the authenticator shows; a backup code is not taken here.
    #[schema(pattern = "^[0-9]{6,8}$", example = "123456")]
    code: String,
}

/// Ten new backup codes, shown this once.
#[derive(Serialize, ToSchema)]
struct BackupCodesBody<'a> {
    /// Each works once.
    #[schema(min_items = 10, max_items = 10, example = json!(["7-K4QF-9XMA-2HTC-V6PD-R"]))]
    backup_codes: Vec<&'a str>,
}

async fn handle(call: AccountCall, body: Body) -> Outcome {
    let AccountCall { state, subject, organization, caller, .. } = call;
    let lockout = organization.policy.lockout();
    let mut fields = Fields::of(body.object(&state.settings).await?);
    let code = fields.required("code", TotpCode::of_any_length);
    let code = fields.finish(code)?;

    let use_case = state.api.regenerate_backup_codes.clone();
    let work = async move { use_case.run(subject, code, lockout, caller).await };
    let codes = state.detached(work).await?;
    let codes: Vec<Zeroizing<String>> = codes.0.iter().map(BackupCode::reveal).collect();
    reply::ok_secret(&BackupCodesBody { backup_codes: codes.iter().map(|code| code.as_str()).collect() })
}

fn documented() -> Documented {
    Documented::new("regenerate_backup_codes", "Ten new backup codes")
        .describe("They are shown this once. The old ones are void at once.")
        .request(request::<BackupCodesRequest>().required())
        .success(success::<BackupCodesBody<'_>>())
        .conflict("not_enabled")
        .locked()
}
