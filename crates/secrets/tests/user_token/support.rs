use countersign_domain::admission::ports::{TokenRefusal, UserTokenVerifier};
use countersign_domain::identity::{Environment, Subject, UserId};
use countersign_domain::time::Timestamp;
use countersign_secrets::user_token::{JwtVerifier, TokenSecret, UserTokenKeys, UserTokenRules};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// The secret of the tests, and of nothing else.
pub(crate) const SECRET: &[u8] = b"tests-only-n0Qe7vXkR2mB9uYwLz4cJf6hT1sAdGp8";
pub(crate) const ORGANIZATION: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
/// The present instant of the tests, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

pub(crate) fn secret() -> TokenSecret {
    TokenSecret::new(Zeroizing::new(SECRET.to_vec())).unwrap()
}

pub(crate) fn alice(environment: Environment) -> Subject {
    Subject { organization: ORGANIZATION.parse().unwrap(), environment, user: UserId::new("alice").unwrap() }
}

/// Claims with which a token is accepted.
pub(crate) fn good_claims() -> Value {
    json!({"sub": "alice", "org_id": ORGANIZATION, "iat": NOW - 10, "exp": NOW + 600})
}

/// A verifier with the shared secret.
pub(crate) fn verifier(rules: UserTokenRules) -> JwtVerifier {
    let mut keys = UserTokenKeys::new();
    keys.add_secret(None, &secret()).unwrap();
    JwtVerifier::new(keys, rules)
}

pub(crate) fn encode(part: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(part.as_ref())
}

/// A token with these texts as header and claims, rightly signed with HS256 under `secret`.
pub(crate) fn sign_with(secret: &[u8], header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    let signature =
        jsonwebtoken::crypto::sign(signed.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

/// The same under the secret of the tests.
pub(crate) fn sign(header: &str, claims: &str) -> String {
    sign_with(SECRET, header, claims)
}

pub(crate) fn verify_at(
    verifier: &JwtVerifier,
    token: &str,
    now: Timestamp,
) -> Result<Subject, TokenRefusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(verifier.verify(token, now)).map(|accepted| accepted.subject)
}

/// Why `token` is not valid.
pub(crate) fn reason(verifier: &JwtVerifier, token: &str) -> &'static str {
    match verify_at(verifier, token, now()) {
        Err(TokenRefusal::Invalid(reason)) => reason,
        other => panic!("{other:?}"),
    }
}
