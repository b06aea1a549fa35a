//! `POST /v1/me/2fa/setup`: begins a set-up. 2FA stays off until `verify-setup`.

mod qr_code;

use countersign_domain::admission::organization::Organization;
use countersign_domain::admission::scope::Scope;
use countersign_domain::two_factor::backup_code::BackupCode;
use countersign_domain::two_factor::otpauth::AccountName;
use countersign_domain::two_factor::setup::StartedSetup;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{Idempotency, Route, Verb};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{AccountCall, Handler, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::refusal::problem::Problem;
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::KeptWithSecrets),
    path: "/v1/me/2fa/setup",
    handler: Handler::User(|call, body| Box::pin(handle(call, body))),
    documented,
};

/// How the set-up should look.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct SetupRequest {
    /// The account that the authenticator shows; the user's id when it is absent.
    #[schema(min_length = 1, max_length = 128, example = "alice@example.com")]
    account_name: Option<String>,
}

/// A set-up that was begun. Secret and backup codes are shown this once.
#[derive(Serialize, ToSchema)]
struct SetupBody<'a> {
    /// The secret in base 32 without padding.
    secret: &'a str,
    /// The secret with its parameters, as authenticators read it.
    #[schema(format = "uri")]
    otpauth_uri: &'a str,
    /// The same as a QR code: a data URI of an SVG image.
    #[schema(format = "uri")]
    qr_code: &'a str,
    /// Ten backup codes, each good for one use once 2FA is on.
    #[schema(min_items = 10, max_items = 10)]
    backup_codes: Vec<&'a str>,
    /// The hash of the HMAC.
    #[schema(example = "SHA1")]
    algorithm: &'static str,
    /// Decimal digits of a code.
    #[schema(example = 6)]
    digits: u8,
    /// Seconds for which a code is shown.
    #[schema(example = 30)]
    period: u8,
    /// The set-up, for `verify-setup`.
    #[schema(format = "ulid")]
    setup_id: String,
    /// Until when it can be confirmed.
    #[schema(format = DateTime)]
    expires_at: String,
}

async fn handle(call: AccountCall, body: Body) -> Outcome {
    let AccountCall { state, subject, organization, caller, .. } = call;
    let mut fields = Fields::of(body.optional_object(&state.settings).await?);
    let account = fields.optional("account_name", |text| account_name(&organization, text));
    let account = fields.finish(Some(account))?.unwrap_or_else(|| AccountName::of(&subject.user));

    let use_case = state.api.start_setup.clone();
    let work = async move { use_case.run(&organization, subject, account, &caller).await };
    answer(&state.detached(work).await?)
}

fn account_name(organization: &Organization, text: &str) -> Result<AccountName, String> {
    let name = AccountName::new(text).map_err(|error| error.to_string())?;
    if qr_code::has_room(organization.name.as_str(), text) {
        Ok(name)
    } else {
        Err("the account name is too long for a QR code with the organization's name".to_owned())
    }
}

fn answer(started: &StartedSetup) -> Outcome {
    let codes: Vec<Zeroizing<String>> = started.backup_codes.0.iter().map(BackupCode::reveal).collect();
    let qr_code = qr_code::data_uri(&started.otpauth_uri)
        .map_err(|error| Problem::Unwritable(error.to_string().into()))?;
    let parameters = started.parameters;
    reply::ok_secret(&SetupBody {
        secret: &started.secret.to_base32(),
        otpauth_uri: &started.otpauth_uri,
        qr_code: &qr_code,
        backup_codes: codes.iter().map(|code| code.as_str()).collect(),
        algorithm: parameters.algorithm.as_str(),
        digits: parameters.digits.count(),
        period: parameters.period.as_seconds(),
        setup_id: started.setup.to_string(),
        expires_at: started.expires_at.to_string(),
    })
}

pub(super) const OF_USER: Route = Route {
    path: "/v1/users/{user_id}/2fa/setup",
    handler: Handler::Platform(&[Scope::TwoFactorManage], |call, body| Box::pin(handle(call, body))),
    documented: || documented().for_user("start_two_factor_setup_of_user", "Begin to set up 2FA for a user"),
    ..ROUTE
};

fn documented() -> Documented {
    Documented::new("start_two_factor_setup", "Begin to set up 2FA")
        .describe(
            "2FA stays off until `verify-setup` proves that the authenticator works. A new set-up takes the place of \
             one that is pending. Secret and backup codes are shown this once.",
        )
        .request(request::<SetupRequest>())
        .success(success::<SetupBody<'_>>())
        .conflict("already_enabled or setup_in_progress")
}
