//! An organization's policy, from the command line's key to the lock that it asks for.

use countersign_testkit::on_every_engine;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::authenticator::{code, next_code};
use crate::support::{Answer, Engine, Home, Server, text};

on_every_engine!(
    Engine;
    a_changed_policy_is_in_force_at_once_and_after_a_restart,
);

const POLICY: &str = "/v1/organization/policy";

async fn post(server: &Server, verb: &str, body: Value) -> Answer {
    let path = format!("/v1/me/2fa/{verb}");
    server.call(Method::POST, &path, Some(&server.demo_token()), Some(body)).await
}

async fn a_changed_policy_is_in_force_at_once_and_after_a_restart(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let token = server.demo_token();
    let secret = text(&server.setup(&token).await.body()["secret"]);
    assert_eq!(server.verify_setup(&token, &code(&secret)).await.status, 200);

    let organization = server.demo_organization();
    let scopes = "--scope 2fa:read --scope policy:manage";
    let key = home.json(&format!("api-key create --org {organization} --env live {scopes}"));
    let key = text(&key["key"]);
    let change = json!({"require_2fa": true, "max_attempts": 3, "lock_seconds": 3600});
    let changed = server.call(Method::PATCH, POLICY, Some(&key), Some(change)).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!((&changed.body()["max_attempts"], &changed.body()["digits"]), (&json!(3), &json!(6)));

    let right = next_code(&secret);
    let refused = post(&server, "disable", json!({"code": right})).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "permission_denied"));
    let wrong = if right == "000000" { "111111" } else { "000000" };
    for left in [2, 1, 0] {
        let refused = post(&server, "verify", json!({"code": wrong})).await;
        assert_eq!(refused.body()["error"]["details"]["attempts_left"], left, "{}", refused.text);
    }
    assert_eq!(post(&server, "verify", json!({"code": wrong})).await.code(), "factor_locked");
    server.kill();

    let server = home.serve("serve");
    assert_eq!(server.get(POLICY, &key).await.body(), changed.body());
    assert_eq!(post(&server, "verify", json!({"code": next_code(&secret)})).await.code(), "factor_locked");
    assert_eq!(server.get("/v1/me/2fa", &server.demo_token()).await.body()["required"], true);
}
