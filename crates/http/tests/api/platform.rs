//! The platform acts for its users, with API keys.

use std::time::Duration;

use countersign_domain::admission::api_key::ApiKey;
use countersign_domain::admission::ports::{ApiKeyStore as _, Created};
use countersign_domain::admission::scope::{Scope, Scopes};
use countersign_domain::audit::event::{Actor, SecurityEvent};
use countersign_domain::identity::Environment;
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::secret::TotpSecret;
use countersign_testkit::build::{NOW, api_key, code_at_instant, event_about_organization, organization_id};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::support::{Answer, Call, World};

pub(crate) async fn key(world: &World, environment: Environment, scopes: &[Scope]) -> String {
    let issued = api_key(organization_id(1), environment);
    let key = ApiKey { scopes: scopes.iter().copied().collect::<Scopes>(), ..issued.key };
    let audit = event_about_organization(
        organization_id(1),
        SecurityEvent::ApiKeyCreated { key: key.id.clone() },
        NOW,
    );
    assert_eq!(world.stores.api_keys.create(key, audit).await.unwrap(), Created::New);
    issued.token.to_string()
}

/// Every route of the platform: method, path, and the scopes of which it needs one.
fn routes() -> Vec<(String, String, Vec<Scope>)> {
    let document = serde_json::to_value(countersign_http::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Some(scopes) = operation["security"][0]["apiKey"].as_array() {
                let scopes = scopes.iter().map(|scope| scope.as_str().unwrap().parse().unwrap()).collect();
                routes.push((
                    method.to_uppercase(),
                    path.replace("{user_id}", "alice").replace("{id}", "r"),
                    scopes,
                ));
            }
        }
    }
    routes
}

pub(crate) async fn post(world: &World, token: &str, path: &str, body: &Value) -> Answer {
    world.send(&Call::post(path).token(token).json(body.to_string())).await
}

#[tokio::test]
async fn each_route_needs_one_of_its_scopes_and_no_other_helps() {
    let routes = routes();
    assert_eq!(routes.len(), 30);
    for (method, path, scopes) in routes {
        let world = World::new().await;
        assert!(!scopes.is_empty(), "{method} {path} declares no scope");
        let others: Vec<_> = Scope::ALL.iter().copied().filter(|scope| !scopes.contains(scope)).collect();
        let denied = world
            .send(&Call::new(&method, &path).token(&key(&world, Environment::Live, &others).await))
            .await;
        assert_eq!((denied.status, denied.code().as_str()), (403, "permission_denied"), "{method} {path}");
        let challenge = denied.header("www-authenticate").unwrap();
        assert!(
            challenge.contains("insufficient_scope") && challenge.contains(scopes[0].as_str()),
            "{challenge}"
        );
        for scope in scopes {
            let token = key(&world, Environment::Live, &[scope]).await;
            let status = world.send(&Call::new(&method, &path).token(&token)).await.status;
            assert!(![401, 403].contains(&status), "{method} {path} with {scope}: {status}");
        }
        let user = world.send(&Call::new(&method, &path).token("alice")).await;
        assert_eq!((user.status, user.header("www-authenticate")), (403, None), "{method} {path}");
    }
}

#[tokio::test]
async fn the_platform_runs_the_whole_life_of_a_factor() {
    let world = World::new().await;
    let token = world.api_key.clone();
    let path = |verb: &str| format!("/v1/users/al%2Fice%40example.com/2fa{verb}");
    let setup = post(&world, &token, &path("/setup"), &json!({})).await.json();
    let bytes = BASE32_NOPAD.decode(setup["secret"].as_str().unwrap().as_bytes()).unwrap();
    let secret = TotpSecret::from_bytes(Zeroizing::new(bytes)).unwrap();
    assert!(setup["otpauth_uri"].as_str().unwrap().contains("al%2Fice%40example.com"));
    let code = || json!({"code": code_at_instant(&secret, world.clock.now())});
    assert_eq!(post(&world, &token, &path("/verify-setup"), &code()).await.json()["state"], "enabled");
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(post(&world, &token, &path("/verify"), &code()).await.json()["method"], "totp");
    let status = world.send(&Call::get(&path("")).token(&token)).await.json();
    assert_eq!(status["state"], "enabled");
    for removed in [true, false] {
        let reset = post(&world, &token, &path("/reset"), &json!({"reason": "lost phone"})).await;
        assert_eq!((reset.status, reset.json()), (200, json!({"removed": removed})));
    }
    assert_eq!(world.send(&Call::get(&path("")).token(&token)).await.json()["state"], "disabled");
    let events = world.stores.audit.events();
    let about: Vec<_> = events.iter().filter(|event| event.user.is_some()).collect();
    assert!(about.iter().all(|event| event.user.as_ref().unwrap().as_str() == "al/ice@example.com"));
    assert!(about.iter().all(|event| matches!(event.caller.actor, Actor::ApiKey(_))));
    assert!(about.iter().all(|event| event.caller.request.is_some()));
}

#[tokio::test]
async fn test_keys_and_live_keys_reach_their_own_data_only() {
    let world = World::new().await;
    let test = key(&world, Environment::Test, Scope::ALL).await;
    assert_eq!(post(&world, &test, "/v1/users/alice/2fa/setup", &json!({})).await.status, 200);
    let state = async |token: &str| {
        world.send(&Call::get("/v1/users/alice/2fa").token(token)).await.json()["state"].clone()
    };
    assert_eq!((state(&test).await, state(&world.api_key).await), (json!("pending"), json!("disabled")));
}

#[tokio::test]
async fn a_user_id_that_is_none_is_refused() {
    let world = World::new().await;
    let long = "x".repeat(256);
    for bad in ["%00", "a%0Ab", "%C3%A4", "%FF", "%E2%80%AEa", &long] {
        let answer = world.send(&Call::get(&format!("/v1/users/{bad}/2fa")).token(&world.api_key)).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{bad}");
        assert_eq!(answer.problems(), [("/user_id".to_owned(), "not_acceptable".to_owned())], "{bad}");
    }
}

#[tokio::test]
async fn user_ids_are_byte_exact() {
    let world = World::new().await;
    assert_eq!(post(&world, &world.api_key, "/v1/users/Alice/2fa/setup", &json!({})).await.status, 200);
    for (user, state) in
        [("Alice", "pending"), ("alice", "disabled"), ("Alice%20", "disabled"), ("%41lice", "pending")]
    {
        let answer = world.send(&Call::get(&format!("/v1/users/{user}/2fa")).token(&world.api_key)).await;
        assert_eq!(answer.json()["state"], state, "{user}");
    }
}

#[tokio::test]
async fn a_reset_needs_a_reason() {
    let world = World::new().await;
    let long = json!({"reason": "x".repeat(501)});
    for bad in [json!({}), json!({"reason": ""}), json!({"reason": "a\u{202e}b"}), json!({"reason": 1}), long]
    {
        let answer = post(&world, &world.api_key, "/v1/users/alice/2fa/reset", &bad).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{bad}");
    }
}
