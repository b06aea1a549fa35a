//! Assertions as a receiver sees them: checked by another library, with nothing but the published keys.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::admission::ports::{TokenRefusal, UserTokenVerifier};
use countersign_domain::identity::{AssertionId, Environment, Subject, UserId};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::assertion::{Assertion, AssertionBinding, BoundText, LIFETIME, Method};
use countersign_domain::two_factor::proof_ports::{AssertionKeySet as _, AssertionSigner};
use countersign_secrets::user_token::{JwtVerifier, UserTokenKeys, UserTokenRules};
use countersign_secrets::{AssertionSettings, CurrentKeyRing, Ed25519AssertionSigner, KeyRing, OsEntropy};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

const ORGANIZATION: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const ID: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";
/// The instant of the proof, in seconds.
const PROVEN: i64 = 1_800_000_000;

fn keys() -> Arc<CurrentKeyRing> {
    Arc::new(CurrentKeyRing::new(KeyRing::generate(&OsEntropy).unwrap()).unwrap())
}

fn assertion(environment: Environment) -> Assertion {
    // Half a second after the full one.
    let proven = Timestamp::from_seconds(PROVEN).saturating_add(Duration::from_millis(500));
    Assertion {
        id: ID.parse::<AssertionId>().unwrap(),
        subject: Subject {
            organization: ORGANIZATION.parse().unwrap(),
            environment,
            user: UserId::new("alice").unwrap(),
        },
        method: Method::Totp,
        authenticated_at: proven,
        expires_at: proven.saturating_add(LIFETIME),
        binding: AssertionBinding::default(),
    }
}

fn sign(keys: &Arc<CurrentKeyRing>, settings: AssertionSettings, assertion: &Assertion) -> String {
    Ed25519AssertionSigner::new(keys.clone(), settings).sign(assertion).unwrap().to_string()
}

/// An assertion of alice's for her organization.
fn plain(keys: &Arc<CurrentKeyRing>) -> String {
    sign(keys, AssertionSettings::default(), &assertion(Environment::Live))
}

/// What a receiver makes of `token`: the claims, if the published key that it names verifies it.
fn receive(token: &str, key_set: &str, audience: &str) -> Option<Value> {
    let set: JwkSet = serde_json::from_str(key_set).unwrap();
    let header = jsonwebtoken::decode_header(token.as_bytes()).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some("stepup+jwt")));
    let jwk = set.find(header.kid.as_deref()?)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    // The tests have a clock of their own.
    validation.validate_exp = false;
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "aud", "sub"]);
    let decoded = jsonwebtoken::decode(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation);
    decoded.ok().map(|decoded| decoded.claims)
}

#[test]
fn an_assertion_has_these_claims() {
    let keys = keys();
    let claims = receive(&plain(&keys), &keys.jwks_json(), ORGANIZATION).unwrap();
    let expected = json!({
        "sub": "alice", "org_id": ORGANIZATION, "aud": ORGANIZATION, "amr": ["otp"], "auth_time": PROVEN,
        "iat": PROVEN, "exp": PROVEN + 300, "jti": ID,
    });
    assert_eq!(claims, expected);
}

#[test]
fn an_assertion_says_for_whom_how_and_what_for() {
    let keys = keys();
    let text = |text: &str| Some(BoundText::new(text).unwrap());
    let bound = Assertion {
        method: Method::BackupCode,
        binding: AssertionBinding { purpose: text("transfer \"7\""), transaction: text("sha256:abc") },
        ..assertion(Environment::Test)
    };
    let issuer = Some("https://2fa.example.com".to_owned());
    let audience = vec!["payments".to_owned(), "mail".to_owned()];
    let token = sign(&keys, AssertionSettings { issuer, audience }, &bound);
    let expected = json!({
        "iss": "https://2fa.example.com", "sub": "alice", "org_id": ORGANIZATION, "env": "test",
        "aud": ["payments", "mail"], "amr": ["otp_backup"], "auth_time": PROVEN, "iat": PROVEN,
        "exp": PROVEN + 300, "jti": ID, "purpose": "transfer \"7\"", "txn": "sha256:abc",
    });
    assert_eq!(receive(&token, &keys.jwks_json(), "mail"), Some(expected));
    assert_eq!(receive(&token, &keys.jwks_json(), ORGANIZATION), None, "another receiver");

    let single = AssertionSettings { issuer: None, audience: vec!["payments".to_owned()] };
    let token = sign(&keys, single, &bound);
    assert_eq!(receive(&token, &keys.jwks_json(), "payments").unwrap()["aud"], "payments");
}

#[test]
fn the_key_set_holds_public_keys_for_signatures_and_nothing_else() {
    let keys = keys();
    let set: Value = serde_json::from_str(&keys.jwks_json()).unwrap();
    let [key] = set["keys"].as_array().unwrap().as_slice() else { panic!("{set}") };
    let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    for (name, value) in [("alg", "EdDSA"), ("crv", "Ed25519"), ("kty", "OKP"), ("use", "sig")] {
        assert_eq!(key[name], value);
    }
    let header = jsonwebtoken::decode_header(plain(&keys).as_bytes()).unwrap();
    assert_eq!(header.kid.as_deref(), key["kid"].as_str());
}

#[test]
fn a_changed_assertion_and_one_of_another_ring_are_refused() {
    let keys = keys();
    let token = plain(&keys);
    let [header, claims, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut changed: Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap();
    changed["sub"] = json!("mallory");
    let changed = BASE64URL_NOPAD.encode(changed.to_string().as_bytes());
    assert_eq!(receive(&format!("{header}.{changed}.{signature}"), &keys.jwks_json(), ORGANIZATION), None);
    assert_eq!(receive(&token, &self::keys().jwks_json(), ORGANIZATION), None);
}

#[tokio::test]
async fn an_assertion_is_no_user_token_even_if_its_key_were_trusted() {
    let keys = keys();
    let mut trusted = UserTokenKeys::new();
    trusted.add_jwks(keys.jwks_json().as_bytes()).unwrap();
    let verifier = JwtVerifier::new(trusted, UserTokenRules::default());
    let now = Timestamp::from_seconds(PROVEN + 1);
    let refusal = verifier.verify(&plain(&keys), now).await.unwrap_err();
    assert!(matches!(refusal, TokenRefusal::Invalid("typ is that of another kind of token")), "{refusal:?}");
}

/// The ring in `file`, with `change` made to its section of signing keys, in a new file `to`.
fn change_ring(file: &Path, to: &Path, change: impl FnOnce(&mut Value)) -> Arc<CurrentKeyRing> {
    let mut document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    change(&mut document["assertion_signing"]);
    fs::copy(file, to).unwrap();
    fs::write(to, document.to_string()).unwrap();
    Arc::new(CurrentKeyRing::new(KeyRing::load(to).unwrap()).unwrap())
}

#[test]
fn a_key_is_added_promoted_and_retired_without_a_refused_assertion() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    KeyRing::generate(&OsEntropy).unwrap().save_new(&file("first")).unwrap();
    let fresh = json!("3q2+78r+urrerb7vyv66voQpYfTMpKOMXzr/xRnqLhk=");

    let first = change_ring(&file("first"), &file("same"), |_| {});
    let added = change_ring(&file("first"), &file("added"), |signing| {
        signing["keys"].as_array_mut().unwrap().push(json!({"id": 2, "key": fresh}));
    });
    let promoted = change_ring(&file("added"), &file("promoted"), |signing| signing["primary"] = json!(2));
    let retired = change_ring(&file("promoted"), &file("retired"), |signing| {
        signing["keys"].as_array_mut().unwrap().remove(0);
    });

    let verifies = |signed_by: &Arc<CurrentKeyRing>, published_by: &Arc<CurrentKeyRing>| {
        receive(&plain(signed_by), &published_by.jwks_json(), ORGANIZATION).is_some()
    };
    // A receiver may have the set of the step before, and an assertion may be from the step before.
    assert!(verifies(&first, &added) && verifies(&added, &first));
    assert!(verifies(&added, &promoted) && verifies(&promoted, &added));
    assert!(verifies(&promoted, &retired) && verifies(&retired, &promoted));
    assert!(!verifies(&promoted, &first), "a key that was promoted before it was published");
    assert!(!verifies(&added, &retired), "a retired key");
}
