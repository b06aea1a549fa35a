//! The body of every answer, as it is written.

use countersign_domain::two_factor::setup::SetupLimits;
use countersign_testkit::arrange;
use countersign_testkit::build::{NOW, turns_event};
use insta::assert_json_snapshot;

use super::support::ports::Fault;
use super::support::world::{Plan, alice};
use super::support::{Answer, Call, World};

macro_rules! envelope {
    ($name:literal, $answer:expr) => {{
        let answer: Answer = $answer;
        let whole = serde_json::json!({"status": answer.status, "body": answer.json()});
        assert_json_snapshot!($name, whole, { ".body.error.request_id" => "[ulid]" });
    }};
}

#[tokio::test]
async fn of_requests_that_cannot_be_read() {
    let world = World::new().await;
    envelope!("malformed_json", world.send(&Call::setup().json("{")).await);
    envelope!("too_large", world.send(&Call::setup().json(" ".repeat(9_000))).await);
    envelope!("media_type", world.send(&Call::setup().body("{}")).await);
    envelope!("credentials_in_url", world.send(&Call::get("/v1/me?api_key=x")).await);
    envelope!("fields", world.send(&Call::setup().json(r#"{"account_name":"","digits":4}"#)).await);
    envelope!("not_found", world.send(&Call::get("/nowhere")).await);
    envelope!("method_not_allowed", world.send(&Call::get("/v1/me/2fa/setup")).await);
}

#[tokio::test]
async fn of_callers_who_are_not_let_in() {
    let world = World::new().await;
    envelope!("authentication_error", world.send(&Call::get("/v1/me")).await);
    envelope!("token_expired", world.send(&Call::get("/v1/me").token("expired")).await);
    envelope!("invalid_token", world.send(&Call::get("/v1/me").token("x")).await);
    envelope!("no_user_behind_key", world.send(&Call::get("/v1/me").token(&world.api_key)).await);
    envelope!("suspended", world.send(&Call::get("/v1/me").token("suspended")).await);
    world.drain_organization().await;
    envelope!("organization_rate_limit", world.send(&Call::setup()).await);
    world.drain_client().await;
    envelope!("client_rate_limit", world.send(&Call::get("/v1/me")).await);
}

#[tokio::test]
async fn of_set_ups_that_are_not_possible() {
    let limits = SetupLimits { setups: 1, ..SetupLimits::default() };
    let world = World::planned(Plan { setup_limits: limits, ..Plan::default() }).await;
    let verify = Call::post("/v1/me/2fa/verify-setup").token("alice").json(r#"{"code":"000000"}"#);
    envelope!("no_pending_setup", world.send(&verify).await);
    assert_eq!(world.send(&Call::setup()).await.status, 200);
    envelope!("invalid_code", world.send(&verify).await);
    envelope!("too_many_setups", world.send(&Call::setup()).await);
    world.consume(turns_event("1", 1_000, NOW)).await;
    envelope!("quota_exhausted", world.send(&Call::setup()).await);
}

#[tokio::test]
async fn of_an_enabled_factor() {
    let world = World::new().await;
    arrange::enabled(&*world.stores.factors, &alice(), NOW).await;
    envelope!("already_enabled", world.send(&Call::setup()).await);
}

#[tokio::test]
async fn of_faults_of_ours() {
    let world = World::new().await;
    world.usage.fail(Fault::Other);
    envelope!("internal_error", world.send(&Call::setup()).await);
    world.usage.fail(Fault::Unavailable);
    envelope!("service_unavailable", world.send(&Call::setup()).await);
}

#[tokio::test]
async fn of_a_set_up() {
    let world = World::new().await;
    let setup = world.send(&Call::setup()).await.json();
    assert_json_snapshot!("setup", setup, {
        ".secret" => "[base32]", ".otpauth_uri" => "[uri]", ".qr_code" => "[svg]", ".backup_codes[]" => "[code]",
        ".setup_id" => "[ulid]",
    });
}
