//! What an organization asks of its users' second factors.

use std::time::Duration;

use countersign_domain::audit::event::{Actor, SecurityEvent};
use countersign_domain::identity::Environment;
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::params::{Digits, Parameters};
use countersign_domain::two_factor::secret::TotpSecret;
use countersign_testkit::build::{code_with, organization_id, wrong_code};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::platform::key;
use super::support::{Answer, Call, World};

const POLICY: &str = "/v1/organization/policy";

async fn patch(world: &World, body: &Value) -> Answer {
    let call = Call::new("PATCH", POLICY).token(&world.api_key).json(body.to_string());
    world.send(&call).await
}

async fn patched(world: &World, body: &Value) {
    let answer = patch(world, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn policy(world: &World) -> Value {
    world.send(&Call::get(POLICY).token(&world.api_key)).await.json()
}

async fn post(world: &World, verb: &str, code: &str) -> Answer {
    let call = Call::post(&format!("/v1/me/2fa/{verb}")).token("alice");
    world.send(&call.json(json!({"code": code}).to_string())).await
}

async fn status(world: &World) -> Value {
    world.send(&Call::get("/v1/me/2fa").token("alice")).await.json()
}

fn parameters(digits: Digits) -> Parameters {
    Parameters { digits, ..Parameters::default() }
}

/// Turns 2FA on for alice and lets a minute pass; tells her secret.
async fn enrolled(world: &World, digits: Digits) -> TotpSecret {
    let setup = world.send(&Call::setup()).await.json();
    assert_eq!(setup["digits"], digits.count());
    let bytes = BASE32_NOPAD.decode(setup["secret"].as_str().unwrap().as_bytes()).unwrap();
    let secret = TotpSecret::from_bytes(Zeroizing::new(bytes)).unwrap();
    let code = code_with(&secret, parameters(digits), world.clock.now());
    assert_eq!(post(world, "verify-setup", &code).await.status, 200);
    world.clock.advance(Duration::from_mins(1));
    secret
}

fn default_policy() -> Value {
    json!({"require_2fa": false, "enforce_after": null, "max_attempts": 5, "lock_seconds": 60, "digits": 6})
}

#[tokio::test]
async fn a_change_touches_only_the_fields_that_are_given() {
    let world = World::new().await;
    let mut expected = default_policy();
    assert_eq!(policy(&world).await, expected);
    for (field, given, read) in [
        ("require_2fa", json!(true), json!(true)),
        ("enforce_after", json!("2027-01-01T01:00:00+01:00"), json!("2027-01-01T00:00:00.000Z")),
        ("max_attempts", json!(3), json!(3)),
        ("lock_seconds", json!(3_600), json!(3_600)),
        ("digits", json!(8), json!(8)),
        ("enforce_after", json!(null), json!(null)),
        ("require_2fa", json!(false), json!(false)),
    ] {
        expected[field] = read;
        let answer = patch(&world, &json!({ field: given })).await;
        assert_eq!((answer.status, answer.json()), (200, expected.clone()), "{field}");
        assert_eq!(policy(&world).await, expected, "{field}");
    }
}

#[tokio::test]
async fn a_change_is_told_with_the_key_that_made_it_and_no_change_is_not() {
    let world = World::new().await;
    let before = world.stores.audit.events().len();
    for nothing in [json!({}), json!({"digits": 6, "require_2fa": false})] {
        let answer = patch(&world, &nothing).await;
        assert_eq!((answer.status, answer.json()), (200, default_policy()));
    }
    assert_eq!(world.stores.audit.events().len(), before);
    patched(&world, &json!({"max_attempts": 3})).await;
    let told = world.stores.audit.events().pop().unwrap();
    assert!(matches!(told.event, SecurityEvent::PolicyChanged { .. }), "{told:?}");
    assert!(matches!(told.caller.actor, Actor::ApiKey(_)) && told.caller.request.is_some(), "{told:?}");
    assert_eq!((told.organization, told.environment, told.user), (organization_id(1), None, None));
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_and_nothing_changes() {
    let world = World::new().await;
    let body = json!({
        "require_2fa": "yes",
        "enforce_after": "tomorrow",
        "max_attempts": 2,
        "lock_seconds": 3_601,
        "digits": 7,
        "mode": "strict",
    });
    let answer = patch(&world, &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"));
    let expected = [
        ("/require_2fa", "wrong_type"),
        ("/enforce_after", "not_acceptable"),
        ("/max_attempts", "not_acceptable"),
        ("/lock_seconds", "not_acceptable"),
        ("/digits", "not_acceptable"),
        ("/mode", "unknown_field"),
    ];
    assert_eq!(answer.problems(), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    for (field, bad) in [
        ("require_2fa", json!(null)),
        ("require_2fa", json!(1)),
        ("enforce_after", json!(1_800_000_000)),
        ("max_attempts", json!(null)),
        ("max_attempts", json!("3")),
        ("max_attempts", json!(3.5)),
        ("max_attempts", json!(11)),
        ("max_attempts", json!(259)),
        ("max_attempts", json!(-3)),
        ("lock_seconds", json!(29)),
        ("digits", json!(u64::MAX)),
    ] {
        let answer = patch(&world, &json!({"max_attempts": 4, field: bad})).await;
        assert_eq!(answer.status, 422, "{field} {bad}");
        assert_eq!(answer.problems()[0].0, format!("/{field}"), "{bad}");
    }
    assert_eq!(policy(&world).await, default_policy());
}

#[tokio::test]
async fn a_test_key_reads_the_policy_and_does_not_change_it() {
    let world = World::new().await;
    let scopes = countersign_domain::admission::scope::Scope::ALL;
    let token = key(&world, Environment::Test, scopes).await;
    assert_eq!(world.send(&Call::get(POLICY).token(&token)).await.json(), default_policy());
    let call = Call::new("PATCH", POLICY).token(&token).json(json!({"require_2fa": true}).to_string());
    let refused = world.send(&call).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "permission_denied"));
    assert_eq!(policy(&world).await, default_policy());
}

#[tokio::test]
async fn where_2fa_is_required_nobody_turns_it_off_but_the_platform_resets_it() {
    let world = World::new().await;
    let secret = enrolled(&world, Digits::Six).await;
    let from = world.clock.now().saturating_add(Duration::from_mins(1));
    patched(&world, &json!({"require_2fa": true, "enforce_after": from.to_string()})).await;
    assert_eq!(status(&world).await["required"], false);
    world.clock.set(from);
    assert_eq!(status(&world).await["required"], true);
    let me = world.send(&Call::get("/v1/me").token("alice")).await.json();
    assert_eq!(me["two_factor"]["required"], true);

    let code = code_with(&secret, Parameters::default(), world.clock.now());
    for code in [code.clone(), wrong_code(&secret, world.clock.now())] {
        let refused = post(&world, "disable", &code).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "permission_denied"));
        assert!(refused.header("x-quota-reset").is_some());
        assert_eq!(refused.header("www-authenticate"), None);
    }
    assert_eq!(post(&world, "verify", &code).await.status, 200, "the code was not looked at");
    let reset =
        Call::post("/v1/users/alice/2fa/reset").token(&world.api_key).json(r#"{"reason":"lost phone"}"#);
    assert_eq!(world.send(&reset).await.json(), json!({"removed": true}));
}

#[tokio::test]
async fn the_policy_says_how_many_wrong_codes_lock_and_for_how_long() {
    let world = World::new().await;
    let secret = enrolled(&world, Digits::Six).await;
    patched(&world, &json!({"max_attempts": 3, "lock_seconds": 90})).await;
    let wrong = wrong_code(&secret, world.clock.now());
    for left in [2, 1, 0] {
        let refused = post(&world, "verify", &wrong).await;
        assert_eq!(refused.json()["error"]["details"]["attempts_left"], left);
    }
    let until = world.clock.now().saturating_add(Duration::from_secs(90)).to_string();
    for verb in ["verify", "disable", "backup-codes"] {
        let locked = post(&world, verb, &wrong).await;
        assert_eq!((locked.status, locked.code().as_str()), (423, "factor_locked"), "{verb}");
        assert_eq!(locked.json()["error"]["details"]["locked_until"], until, "{verb}");
    }
}

#[tokio::test]
async fn new_factors_have_codes_as_long_as_the_policy_asks_for() {
    let world = World::new().await;
    patched(&world, &json!({"digits": 8})).await;
    let secret = enrolled(&world, Digits::Eight).await;
    let now = world.clock.now();
    for verb in ["verify", "backup-codes", "disable"] {
        let short = post(&world, verb, &code_with(&secret, Parameters::default(), now)).await;
        assert_eq!(short.problems(), [("/code".to_owned(), "not_acceptable".to_owned())], "{verb}");
    }
    let code = code_with(&secret, parameters(Digits::Eight), now);
    assert_eq!(post(&world, "backup-codes", &code).await.status, 200);
    world.clock.advance(Duration::from_mins(1));
    let code = code_with(&secret, parameters(Digits::Eight), world.clock.now());
    assert_eq!(post(&world, "disable", &code).await.json()["state"], "disabled");
}
