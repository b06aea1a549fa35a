//! Commands that work while a server runs on the same database.

use std::time::{Duration, Instant};

use countersign_testkit::on_every_engine;
use reqwest::Method;

use crate::support::{Answer, Engine, Home, Server, text};

on_every_engine!(
    Engine;
    a_new_organization_can_call_at_once,
    a_changed_plan_is_in_force_within_seconds,
    a_suspended_organization_is_refused_within_seconds,
    a_revoked_key_is_refused_within_seconds,
    recorded_usage_shows_in_both_places,
    a_changed_policy_is_in_force_within_seconds_and_in_the_trail,
);

/// Asks again until the answer is `wanted`. A change is in force within 5 seconds; a machine with other work gets twice
/// that.
async fn until(server: &Server, path: &str, token: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = server.call(Method::GET, path, Some(token), None).await;
        if wanted(&answer) {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "still {} {}", answer.status, answer.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn a_new_organization_can_call_at_once(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let organization = home.organization("free");
    let token = home.token(&organization, "bob");
    assert_eq!(server.state(&token).await, "disabled");
    assert_eq!(home.list("org list").len(), 2);
}

async fn a_changed_plan_is_in_force_within_seconds(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let token = home.token(&home.organization("free"), "bob");
    let before = server.get("/v1/me/2fa", &token).await;
    assert_eq!(before.header("x-ratelimit-limit"), Some("10"));
    home.json("plan set free --requests-per-second 9");
    until(&server, "/v1/me/2fa", &token, |answer| answer.header("x-ratelimit-limit") == Some("9")).await;
}

async fn a_suspended_organization_is_refused_within_seconds(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let organization = home.organization("free");
    let token = home.token(&organization, "bob");
    assert_eq!(server.state(&token).await, "disabled");
    home.json(&format!("org suspend {organization}"));
    let refused = until(&server, "/v1/me/2fa", &token, |answer| answer.status == 403).await;
    assert_eq!(refused.code(), "permission_denied");
    home.json(&format!("org resume {organization}"));
    until(&server, "/v1/me/2fa", &token, |answer| answer.status == 200).await;
}

async fn a_revoked_key_is_refused_within_seconds(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let organization = home.organization("free");
    let made = home.json(&format!("api-key create --org {organization} --env live --scope 2fa:read"));
    let key = text(&made["key"]);
    // There is no user behind a key; that it is known shows in the status.
    assert_eq!(server.get("/v1/me/2fa", &key).await.status, 403);
    home.json(&format!("api-key revoke {}", text(&made["id"])));
    let refused = until(&server, "/v1/me/2fa", &key, |answer| answer.status == 401).await;
    assert_eq!(refused.code(), "invalid_token");
}

async fn recorded_usage_shows_in_both_places(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let organization = server.demo_organization();
    let text = format!("organization,event_id,turns\n{organization},e,5\n");
    assert_eq!(home.run_with_input("usage record -", &text).code, 0);
    assert_eq!(home.json(&format!("usage show --org {organization}"))["turns"]["used"], 5);
}

/// On SQLite, where the one server holds a lock; on PostgreSQL nobody knows who else is there.
#[test]
fn tables_are_not_taken_away_under_a_server() {
    let home = Home::new();
    let _server = home.serve("serve");
    let ran = home.run("migrate down");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("stop the server first"), "{}", ran.stderr);
}

async fn a_changed_policy_is_in_force_within_seconds_and_in_the_trail(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let organization = home.organization("scale");
    let key = home.json(&format!("api-key create --org {organization} --env live --scope audit:read"));
    let token = home.token(&organization, "bob");
    assert_eq!(server.get("/v1/me/2fa", &token).await.body()["required"], false);
    home.json(&format!("org policy set {organization} --require-2fa true"));
    until(&server, "/v1/me/2fa", &token, |answer| answer.body()["required"] == true).await;
    let trail = server.get("/v1/audit-events", &text(&key["key"])).await.body();
    let told = trail["data"].as_array().unwrap().iter();
    let told: Vec<_> = told.filter(|event| event["name"] == "organization.policy_changed").collect();
    assert_eq!(told.len(), 1, "{trail}");
    assert_eq!(
        (&told[0]["actor"], &told[0]["details"]["new_require_2fa"]),
        (&"operator".into(), &"true".into())
    );
}
