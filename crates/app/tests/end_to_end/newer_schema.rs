//! A rolling deployment: the next version has expanded the schema, and this one still runs beside it.

use countersign_testkit::on_every_engine;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::authenticator::{code, next_code};
use crate::support::{Engine, Home, Server, text};

on_every_engine!(
    Engine;
    a_running_server_goes_on_while_the_schema_is_expanded,
    a_server_that_starts_on_a_newer_schema_does_everything,
    commands_accept_a_newer_schema_and_none_takes_it_back,
);

/// A migration of a version to come: it adds, and takes nothing away.
fn expand(home: &Home) {
    home.sql(
        "BEGIN;
         ALTER TABLE factors ADD COLUMN newer TEXT;
         ALTER TABLE usage_periods ADD COLUMN newer INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE audit_events ADD COLUMN newer TEXT;
         CREATE TABLE newer (id INTEGER PRIMARY KEY);
         CREATE INDEX factors_by_newer ON factors (newer);
         INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001');
         COMMIT;",
    );
}

async fn post(server: &Server, path: &str, token: &str, body: Value) -> Value {
    let answer = server.call(Method::POST, path, Some(token), Some(body)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.body()
}

fn metering_key(home: &Home, organization: &str) -> String {
    let scopes = "--scope usage:write --scope usage:read";
    text(&home.json(&format!("api-key create --org {organization} --env live {scopes}"))["key"])
}

async fn a_running_server_goes_on_while_the_schema_is_expanded(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let (token, key) = (server.demo_token(), metering_key(&home, &server.demo_organization()));
    let secret = text(&server.setup(&token).await.body()["secret"]);
    post(&server, "/v1/usage/turns", &key, json!({"count": 2})).await;
    expand(&home);
    assert_eq!(server.verify_setup(&token, &code(&secret)).await.status, 200);
    post(&server, "/v1/me/2fa/verify", &token, json!({"code": next_code(&secret)})).await;
    post(&server, "/v1/usage/turns", &key, json!({"count": 3})).await;
    assert_eq!(server.get("/v1/usage", &key).await.body()["turns"]["used"], 5);
    assert_eq!(server.call(Method::GET, "/readyz", None, None).await.status, 200);
}

async fn a_server_that_starts_on_a_newer_schema_does_everything(engine: Engine) {
    let home = Home::on(engine);
    assert!(home.serve("serve").stop().0.success());
    expand(&home);
    let server = home.serve("serve");
    let ready = server.call(Method::GET, "/readyz", None, None).await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let (token, key) = (server.demo_token(), metering_key(&home, &server.demo_organization()));
    let setup = server.setup(&token).await.body();
    let secret = text(&setup["secret"]);
    assert_eq!(server.verify_setup(&token, &code(&secret)).await.status, 200);
    post(&server, "/v1/me/2fa/verify", &token, json!({"code": next_code(&secret)})).await;
    post(&server, "/v1/me/2fa/verify", &token, json!({"code": setup["backup_codes"][0]})).await;
    let consumed = post(&server, "/v1/usage/turns", &key, json!({"count": 3})).await;
    assert_eq!(consumed["accepted"], 3);
    let found = home.run("--output json doctor");
    assert_eq!(found.code, 0, "{found:?}");
}

async fn commands_accept_a_newer_schema_and_none_takes_it_back(engine: Engine) {
    let home = Home::on(engine);
    home.list("migrate up");
    let organization = home.organization("free");
    expand(&home);
    assert!(home.list("migrate status").iter().all(|migration| migration["state"] == "applied"));
    for line in ["migrate wait --for 0s", "migrate up", "doctor", "org list", "audit seal", "purge"] {
        let ran = home.run(line);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
    }
    let refused = home.run("migrate down");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("a newer version has applied migrations"), "{}", refused.stderr);
    assert_eq!(home.json(&format!("org show {organization}"))["id"], organization.as_str());
}
