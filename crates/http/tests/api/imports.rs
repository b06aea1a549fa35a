//! The platform takes over factors that another system issued.

use std::time::Duration;

use countersign_domain::identity::Environment;
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::params::{Algorithm, Digits, Parameters, Period};
use countersign_domain::two_factor::secret::TotpSecret;
use countersign_testkit::build::{NOW, code_with, imported_hash, secret};
use serde_json::{Value, json};

use super::platform::key;
use super::support::{Answer, Call, World};

const PATH: &str = "/v1/users/alice/2fa/import";

/// No test here is about the rate.
async fn post(world: &World, path: &str, body: &Value) -> Answer {
    world.clock.advance(Duration::from_secs(1));
    world.send(&Call::post(path).token(&world.api_key).json(body.to_string())).await
}

async fn verify(world: &World, code: &str) -> Answer {
    post(world, "/v1/users/alice/2fa/verify", &json!({ "code": code })).await
}

fn base32() -> String {
    secret(1).to_base32().to_string()
}

fn hashes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| imported_hash(code).as_str().to_owned()).collect()
}

#[tokio::test]
async fn an_imported_user_signs_in_with_the_old_authenticator_and_the_old_backup_codes() {
    let world = World::new().await;
    let codes = ["a1b2-c3d4", "12345678"];
    let body =
        json!({"secret": format!("{}==", base32().to_lowercase()), "backup_code_hashes": hashes(&codes)});
    let imported = post(&world, PATH, &body).await;
    let at = NOW.saturating_add(Duration::from_secs(1)).to_string();
    let expected = json!({
        "state": "enabled",
        "enabled_at": at,
        "pending_expires_at": null,
        "backup_codes_remaining": 2,
        "locked_until": null,
        "required": false,
    });
    assert_eq!((imported.status, imported.json()), (200, expected));

    let early = code_with(&secret(1), Parameters::default(), world.clock.now());
    assert_eq!(verify(&world, &early).await.code(), "invalid_code", "the other system may have accepted it");
    for (code, left) in codes.iter().zip([1, 0]) {
        let verified = verify(&world, code).await;
        assert_eq!(verified.status, 200, "{code}: {}", verified.text());
        assert_eq!(verified.json()["method"], "backup_code");
        assert_eq!(verified.json()["backup_codes_remaining"], left);
        assert_eq!(verify(&world, code).await.code(), "invalid_code");
    }
    world.clock.advance(Duration::from_mins(2));
    let code = code_with(&secret(1), Parameters::default(), world.clock.now());
    assert_eq!(verify(&world, &code).await.json()["method"], "totp");
}

#[tokio::test]
async fn the_parameters_of_the_other_system_stay() {
    let world = World::new().await;
    let body = json!({"secret": base32(), "algorithm": "SHA256", "digits": 8, "period": 60, "backup_code_hashes": null});
    assert_eq!(post(&world, PATH, &body).await.json()["backup_codes_remaining"], 0);
    world.clock.advance(Duration::from_mins(2));
    let parameters = Parameters {
        algorithm: Algorithm::Sha256,
        digits: Digits::Eight,
        period: Period::from_seconds(60).unwrap(),
    };
    let code = code_with(&secret(1), parameters, world.clock.now());
    assert_eq!(verify(&world, &code).await.json()["method"], "totp");
}

#[tokio::test]
async fn an_enabled_factor_is_never_replaced() {
    let world = World::new().await;
    assert_eq!(post(&world, PATH, &json!({"secret": base32()})).await.status, 200);
    let again = post(&world, PATH, &json!({"secret": base32()})).await;
    assert_eq!((again.status, again.code().as_str()), (409, "conflict"));
    assert_eq!(again.json()["error"]["details"]["reason"], "already_enabled");
}

#[tokio::test]
async fn what_cannot_be_taken_over_is_refused_with_the_field_and_the_reason() {
    let world = World::new().await;
    let sound = &hashes(&["a"])[0];
    let short = TotpSecret::from_base32("GEZDGNBVGY3TQOJQ").unwrap_err().to_string();
    assert!(short.contains("10 bytes"), "{short}");
    for (body, field, code) in [
        (json!({}), "/secret", "required"),
        (json!({"secret": null}), "/secret", "wrong_type"),
        (json!({"secret": 234_567}), "/secret", "wrong_type"),
        (json!({"secret": ""}), "/secret", "not_acceptable"),
        (json!({"secret": "GEZDGNBVGY3TQOJQ"}), "/secret", "not_acceptable"),
        (json!({"secret": "A".repeat(104)}), "/secret", "not_acceptable"),
        (json!({"secret": "hunter2-hunter2-hunter2-hunter2"}), "/secret", "not_acceptable"),
        (json!({"secret": format!("{}\0", base32())}), "/secret", "not_acceptable"),
        (json!({"secret": base32(), "algorithm": "MD5"}), "/algorithm", "not_acceptable"),
        (json!({"secret": base32(), "algorithm": "sha1"}), "/algorithm", "not_acceptable"),
        (json!({"secret": base32(), "algorithm": 1}), "/algorithm", "wrong_type"),
        (json!({"secret": base32(), "digits": 5}), "/digits", "not_acceptable"),
        (json!({"secret": base32(), "digits": 9}), "/digits", "not_acceptable"),
        (json!({"secret": base32(), "digits": "6"}), "/digits", "wrong_type"),
        (json!({"secret": base32(), "digits": 6.0}), "/digits", "wrong_type"),
        (json!({"secret": base32(), "period": 14}), "/period", "not_acceptable"),
        (json!({"secret": base32(), "period": 61}), "/period", "not_acceptable"),
        (json!({"secret": base32(), "period": -30}), "/period", "not_acceptable"),
        (json!({"secret": base32(), "period": u64::MAX}), "/period", "not_acceptable"),
        (json!({"secret": base32(), "backup_code_hashes": sound}), "/backup_code_hashes", "wrong_type"),
        (
            json!({"secret": base32(), "backup_code_hashes": {"1": sound}}),
            "/backup_code_hashes",
            "wrong_type",
        ),
        (json!({"secret": base32(), "backup_code_hashes": [sound, 1]}), "/backup_code_hashes", "wrong_type"),
        (json!({"secret": base32(), "backup_code_hashes": [""]}), "/backup_code_hashes", "not_acceptable"),
        (
            json!({"secret": base32(), "backup_code_hashes": [sound, sound]}),
            "/backup_code_hashes",
            "not_acceptable",
        ),
        (
            json!({"secret": base32(), "backup_code_hashes": [sound.replace("$2y$", "$2x$")]}),
            "/backup_code_hashes",
            "not_acceptable",
        ),
        (
            json!({"secret": base32(), "backup_code_hashes": [sound.replace("$04$", "$31$")]}),
            "/backup_code_hashes",
            "not_acceptable",
        ),
        (
            json!({"secret": base32(), "backup_code_hashes": vec![sound; 21]}),
            "/backup_code_hashes",
            "not_acceptable",
        ),
        (json!({"secret": base32(), "enabled_at": "2020-01-01T00:00:00Z"}), "/enabled_at", "unknown_field"),
        (json!({"secret": base32(), "issuer": "x"}), "/issuer", "unknown_field"),
    ] {
        let answer = post(&world, PATH, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{body}");
        assert_eq!(answer.problems(), [(field.to_owned(), code.to_owned())], "{body}");
    }
    assert_eq!(world.stores.factors.count(), 0);
}

#[tokio::test]
async fn the_secret_and_the_hashes_never_come_back() {
    let world = World::new().await;
    let (secret, hashes) = (base32(), hashes(&["a1b2-c3d4"]));
    let canaries = [secret.as_str(), &secret[4..], &hashes[0], &hashes[0][7..]];
    let bad = json!({"secret": secret, "backup_code_hashes": hashes, "digits": 5});
    let good = json!({"secret": secret, "backup_code_hashes": hashes});
    let wrong = json!({"secret": format!("{secret}!"), "backup_code_hashes": [format!("{}!", hashes[0])]});
    for body in [bad, wrong, good.clone(), good] {
        let answer = post(&world, PATH, &body).await;
        assert!(canaries.iter().all(|canary| !answer.text().contains(canary)), "{}", answer.text());
    }
    let status = world.send(&Call::get("/v1/users/alice/2fa").token(&world.api_key)).await;
    assert!(canaries.iter().all(|canary| !status.text().contains(canary)));
    let told = format!("{:?}", world.stores.audit.events());
    assert!(canaries.iter().all(|canary| !told.contains(canary)), "{told}");
}

#[tokio::test]
async fn test_keys_import_test_users() {
    let world = World::new().await;
    let test = key(&world, Environment::Test, &["2fa:manage".parse().unwrap()]).await;
    let call = Call::post(PATH).token(&test).json(json!({"secret": base32()}).to_string());
    assert_eq!(world.send(&call).await.status, 200);
    let live = world.send(&Call::get("/v1/users/alice/2fa").token(&world.api_key)).await;
    assert_eq!(live.json()["state"], "disabled");
}
