//! `POST /v1/users/{user_id}/2fa/import`: takes over a factor that another system issued.

use countersign_domain::admission::scope::Scope;
use countersign_domain::two_factor::import::ForeignFactor;
use countersign_domain::two_factor::imported_code::ImportedCodeHashes;
use countersign_domain::two_factor::params::{Algorithm, Digits, Parameters, Period};
use countersign_domain::two_factor::secret::TotpSecret;
use utoipa::ToSchema;

use super::status::StatusBody;
use super::{Idempotency, Route, Verb};
use crate::body::Body;
use crate::body::fields::{Fields, within};
use crate::gate::{AccountCall, Handler, Outcome};
use crate::openapi::documented::{Documented, request, success};
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Post(Idempotency::Kept),
    path: "/v1/users/{user_id}/2fa/import",
    handler: Handler::Platform(&[Scope::TwoFactorManage], |call, body| Box::pin(handle(call, body))),
    documented,
};

/// A factor as another system kept it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `handle` takes out of the body field by field")]
struct ImportRequest {
    /// The secret in base 32: 16 to 64 bytes. Case, spaces and padding do not matter.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The hash of the HMAC: `SHA1` (when it is absent), `SHA256` or `SHA512`.
    #[schema(example = "SHA1")]
    algorithm: Option<String>,
    /// Decimal digits of a code; 6 when it is absent.
    #[schema(required = false, minimum = 6, maximum = 8, example = 6)]
    digits: u8,
    /// Seconds for which a code is shown; 30 when it is absent.
    #[schema(required = false, minimum = 15, maximum = 60, example = 30)]
    period: u8,
    /// bcrypt hashes of the user's backup codes (`$2a$`, `$2b$` or `$2y$`, cost 4 to 14), kept as they are.
    #[schema(max_items = 20)]
    backup_code_hashes: Option<Vec<String>>,
}

async fn handle(call: AccountCall, body: Body) -> Outcome {
    let AccountCall { state, subject, organization, caller, .. } = call;
    let mut fields = Fields::of(body.object(&state.settings).await?);
    let secret = fields.required("secret", TotpSecret::from_base32);
    let parameters = parameters(&mut fields);
    let codes = fields.texts("backup_code_hashes", |texts| ImportedCodeHashes::parse(texts.iter().copied()));
    let secret = fields.finish(secret)?;

    let codes = codes.unwrap_or_default();
    let foreign = ForeignFactor { subject, secret, parameters, codes, enabled_at: None };
    let use_case = state.api.import.clone();
    let status = state.detached(async move { use_case.run(foreign, &caller).await }).await?;
    reply::ok(&StatusBody::of(status, &organization, &*state.api.clock))
}

fn parameters(fields: &mut Fields) -> Parameters {
    let default = Parameters::default();
    let algorithm =
        fields.optional("algorithm", |text| Algorithm::parse(text).ok_or("it is SHA1, SHA256 or SHA512"));
    let digits = fields.integer("digits", |number| within(number, Digits::from_count, "it is 6, 7 or 8"));
    let period =
        fields.integer("period", |number| within(number, Period::from_seconds, "it is 15 to 60 seconds"));
    Parameters {
        algorithm: algorithm.unwrap_or(default.algorithm),
        digits: digits.unwrap_or(default.digits),
        period: period.unwrap_or(default.period),
    }
}

fn documented() -> Documented {
    Documented::new("import_two_factor_of_user", "Take over a user's second factor from another system")
        .describe(
            "2FA is on at once, with the authenticator that the user has. Every code that could be accepted now counts as \
             used. A pending set-up is replaced, an enabled factor never.",
        )
        .request(request::<ImportRequest>().required())
        .success(success::<StatusBody>())
        .conflict("already_enabled")
}
