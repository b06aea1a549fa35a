//! From the first call to an enabled factor.

use countersign_domain::audit::event::{Actor, SecurityEvent};
use countersign_domain::two_factor::backup_code::BackupCode;
use countersign_domain::two_factor::secret::TotpSecret;
use countersign_testkit::build::{NOW, code_at_instant, wrong_code};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use std::time::Duration;
use zeroize::Zeroizing;

use super::support::world::Plan;
use super::support::{Answer, Call, World};

fn secret_of(setup: &Value) -> TotpSecret {
    let bytes = BASE32_NOPAD.decode(setup["secret"].as_str().unwrap().as_bytes()).unwrap();
    TotpSecret::from_bytes(Zeroizing::new(bytes)).unwrap()
}

fn verify(body: &Value) -> Call {
    Call::post("/v1/me/2fa/verify-setup").token("alice").json(body.to_string())
}

async fn begin(world: &World) -> Value {
    let answer = world.send(&Call::setup()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn reason(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.code().as_str()), (409, "conflict"));
    answer.json()["error"]["details"]["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_set_up_shows_everything_that_an_authenticator_and_a_user_need() {
    let world = World::new().await;
    let setup = world.send(&Call::setup().json(r#"{"account_name":"alice@example.com"}"#)).await.json();
    let secret = setup["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    assert_eq!(
        setup["otpauth_uri"],
        format!(
            "otpauth://totp/Example:alice%40example.com?secret={secret}&issuer=Example&algorithm=SHA1&digits=6&period=30"
        )
    );
    assert!(setup["qr_code"].as_str().unwrap().starts_with("data:image/svg+xml;base64,"));
    let codes = setup["backup_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| BackupCode::parse(code.as_str().unwrap()).is_ok()));
    assert_eq!(setup["algorithm"], "SHA1");
    assert_eq!(setup["digits"], 6);
    assert_eq!(setup["period"], 30);
    assert_eq!(setup["expires_at"], "2026-01-15T12:10:00.000Z");
    assert_eq!(setup.as_object().unwrap().len(), 9);
}

#[tokio::test]
async fn the_account_is_the_users_id_when_no_name_is_given() {
    let world = World::new().await;
    for call in [Call::setup(), Call::setup().json("{}"), Call::setup().json(r#"{"account_name":null}"#)] {
        let setup = world.send(&call).await.json();
        assert!(
            setup["otpauth_uri"].as_str().unwrap().starts_with("otpauth://totp/Example:alice?"),
            "{setup}"
        );
    }
}

#[tokio::test]
async fn the_first_right_code_turns_it_on() {
    let world = World::new().await;
    let setup = begin(&world).await;
    let pending = world.send(&Call::get("/v1/me/2fa").token("alice")).await.json();
    assert_eq!(pending["state"], "pending");
    assert_eq!(pending["pending_expires_at"], setup["expires_at"]);

    let code = code_at_instant(&secret_of(&setup), NOW);
    let answer = world.send(&verify(&json!({"code": code, "setup_id": setup["setup_id"]}))).await;
    let enabled = json!({
        "state": "enabled", "enabled_at": "2026-01-15T12:00:00.000Z", "pending_expires_at": null,
        "backup_codes_remaining": 10, "locked_until": null, "required": false,
    });
    assert_eq!((answer.status, answer.json()), (200, enabled.clone()));
    assert_eq!(world.send(&Call::get("/v1/me/2fa").token("alice")).await.json(), enabled);

    let events = world.stores.audit.events();
    let confirmed = events.iter().rfind(|event| event.event == SecurityEvent::Enabled).unwrap();
    assert_eq!(confirmed.caller.actor, Actor::User);
    assert_eq!(confirmed.caller.request.unwrap().to_string(), answer.header("x-request-id").unwrap());
    assert_eq!(confirmed.caller.address, Some("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn the_two_environments_of_an_organization_do_not_mix() {
    let world = World::new().await;
    begin(&world).await;
    let status = world.send(&Call::get("/v1/me/2fa").token("trial")).await.json();
    assert_eq!(status["state"], "disabled");
}

#[tokio::test]
async fn a_wrong_code_tells_how_many_are_left_and_the_fifth_ends_the_set_up() {
    let world = World::new().await;
    let setup = begin(&world).await;
    let wrong = json!({"code": wrong_code(&secret_of(&setup), NOW)});
    for left in [4, 3, 2, 1, 0] {
        let answer = world.send(&verify(&wrong)).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "invalid_code"));
        assert_eq!(answer.json()["error"]["details"], json!({"attempts_left": left}));
    }
    assert_eq!(reason(&world.send(&verify(&wrong)).await), "no_pending_setup");
}

#[tokio::test]
async fn conflicts_of_verify_setup_say_which() {
    let world = World::new().await;
    let body = json!({"code": "000000"});
    assert_eq!(reason(&world.send(&verify(&body)).await), "no_pending_setup");

    let first = begin(&world).await;
    let second = begin(&world).await;
    let code = code_at_instant(&secret_of(&second), NOW);
    let replaced = world.send(&verify(&json!({"code": code, "setup_id": first["setup_id"]}))).await;
    assert_eq!(reason(&replaced), "setup_replaced");

    world.clock.advance(Duration::from_mins(10));
    assert_eq!(reason(&world.send(&verify(&body)).await), "setup_expired");

    let third = begin(&world).await;
    let now = NOW.saturating_add(Duration::from_mins(10));
    let right = json!({"code": code_at_instant(&secret_of(&third), now)});
    assert_eq!(world.send(&verify(&right)).await.status, 200);
    assert_eq!(reason(&world.send(&verify(&right)).await), "already_enabled");
}

#[tokio::test]
async fn of_two_set_ups_at_once_one_is_made() {
    let hasher = countersign_testkit::fakes::CountingHasher::closed();
    let world = World::planned(Plan { hasher, ..Plan::default() }).await;
    let (call, address) = (Call::setup(), world.address);
    let first = tokio::spawn(async move { call.send(address).await });
    world.until(|world| world.hasher.calls() == 1).await;
    assert_eq!(reason(&world.send(&Call::setup()).await), "setup_in_progress");
    world.hasher.open();
    assert_eq!(first.await.unwrap().status, 200);
    assert_eq!(world.hasher.calls(), 1);
}

#[tokio::test]
async fn me_names_user_organization_plan_and_status() {
    let world = World::new().await;
    let me = world.send(&Call::get("/v1/me").token("bob")).await;
    assert_eq!(me.status, 200);
    assert_eq!(
        me.json(),
        json!({
            "user": {"id": "bob"},
            "organization": {"id": countersign_testkit::build::organization_id(1).to_string(), "name": "Example"},
            "plan": {"id": "free"},
            "two_factor": {
                "state": "disabled", "enabled_at": null, "pending_expires_at": null,
                "backup_codes_remaining": null, "locked_until": null, "required": false,
            },
        })
    );
}
