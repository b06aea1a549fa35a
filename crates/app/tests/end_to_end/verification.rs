//! An enabled factor at work: sign-ins, step-ups, locks and what a lost phone needs.

use countersign_testkit::on_every_engine;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::authenticator::{code, next_code};
use crate::support::{Answer, Engine, Home, Server, text};

on_every_engine!(
    Engine;
    a_stock_library_checks_an_assertion_with_the_published_keys,
    a_code_is_used_up_even_when_the_server_is_killed_right_after_the_answer,
    of_64_uses_of_one_code_at_once_exactly_one_is_accepted,
    guessing_locks_totp_and_a_backup_code_still_works,
    support_resets_the_factor_of_a_user_who_lost_everything,
);

/// Turns 2FA on for `alice`; tells the secret and the backup codes.
async fn enrolled(server: &Server) -> (String, Vec<String>) {
    let token = server.demo_token();
    let setup = server.setup(&token).await.body();
    let secret = text(&setup["secret"]);
    let verified = server.verify_setup(&token, &code(&secret)).await;
    assert_eq!(verified.status, 200, "{}", verified.text);
    (secret, setup["backup_codes"].as_array().unwrap().iter().map(text).collect())
}

async fn post(server: &Server, verb: &str, body: Value) -> Answer {
    let path = format!("/v1/me/2fa/{verb}");
    server.call(Method::POST, &path, Some(&server.demo_token()), Some(body)).await
}

async fn a_stock_library_checks_an_assertion_with_the_published_keys(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let (secret, _) = enrolled(&server).await;
    let body = json!({"code": next_code(&secret), "purpose": "payment", "txn": "sha-256:1234"});
    let verified = post(&server, "verify", body).await;
    assert_eq!(verified.status, 200, "{}", verified.text);
    let assertion = text(&verified.body()["assertion"]);

    let keys = server.call(Method::GET, "/.well-known/jwks.json", None, None).await;
    let keys: JwkSet = serde_json::from_str(&keys.text).unwrap();
    let header = decode_header(&assertion).unwrap();
    assert_eq!(header.typ.as_deref(), Some("stepup+jwt"));
    let key = keys.find(&header.kid.unwrap()).unwrap();
    let mut rules = Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.set_audience(&[server.demo_organization()]);
    rules.set_required_spec_claims(&["exp", "sub", "aud"]);
    let claims = decode::<Value>(&assertion, &DecodingKey::from_jwk(key).unwrap(), &rules).unwrap().claims;
    assert_eq!((&claims["sub"], &claims["amr"]), (&json!("alice"), &json!(["otp"])));
    assert_eq!((&claims["purpose"], &claims["txn"]), (&json!("payment"), &json!("sha-256:1234")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap(), 300);

    // An assertion is no user token.
    assert_eq!(server.get("/v1/me", &assertion).await.status, 401);
}

async fn a_code_is_used_up_even_when_the_server_is_killed_right_after_the_answer(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let (secret, backup_codes) = enrolled(&server).await;
    let used = next_code(&secret);
    assert_eq!(post(&server, "verify", json!({"code": used})).await.status, 200);
    server.kill();

    let server = home.serve("serve");
    assert_eq!(post(&server, "verify", json!({"code": used})).await.code(), "invalid_code");
    assert_eq!(post(&server, "verify", json!({"code": backup_codes[0]})).await.status, 200);
    server.kill();

    let server = home.serve("serve");
    assert_eq!(post(&server, "verify", json!({"code": backup_codes[0]})).await.code(), "invalid_code");
    assert_eq!(post(&server, "verify", json!({"code": backup_codes[1]})).await.status, 200);
}

async fn of_64_uses_of_one_code_at_once_exactly_one_is_accepted(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let (secret, backup_codes) = enrolled(&server).await;
    for used in [next_code(&secret), backup_codes[7].clone()] {
        let calls = (0..64).map(|_| post(&server, "verify", json!({"code": used})));
        let answers = futures_util::future::join_all(calls).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 422, 423].contains(status)), "{statuses:?}");
    }
}

async fn guessing_locks_totp_and_a_backup_code_still_works(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let (secret, backup_codes) = enrolled(&server).await;
    let wrong = if next_code(&secret) == "000000" { "111111" } else { "000000" };
    let calls = (0..100).map(|_| post(&server, "verify", json!({"code": wrong})));
    let answers = futures_util::future::join_all(calls).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 422).count();
    let locked = answers.iter().filter(|answer| answer.status == 423).count();
    assert_eq!((looked_at, locked), (5, 95));
    assert_eq!(post(&server, "verify", json!({"code": next_code(&secret)})).await.status, 423);
    assert_eq!(post(&server, "verify", json!({"code": backup_codes[0]})).await.status, 200);
}

async fn support_resets_the_factor_of_a_user_who_lost_everything(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    enrolled(&server).await;
    let organization = server.demo_organization();
    let key = home.json(&format!("api-key create --org {organization} --env live --scope 2fa:reset"));
    let key = text(&key["key"]);
    let reset = |body: Value| server.call(Method::POST, "/v1/users/alice/2fa/reset", Some(&key), Some(body));
    let answer = reset(json!({"reason": "lost phone, identity checked"})).await;
    assert_eq!((answer.status.as_u16(), answer.body()), (200, json!({"removed": true})));
    assert_eq!(server.state(&server.demo_token()).await, "disabled");
    enrolled(&server).await;
}
