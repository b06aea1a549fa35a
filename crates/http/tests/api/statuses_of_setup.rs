//! Every status of `POST /v1/me/2fa/setup`, with exactly its headers.

use countersign_domain::two_factor::setup::SetupLimits;
use countersign_testkit::arrange;
use countersign_testkit::build::{NOW, relationship_event, turns_event};

use super::support::ports::Fault;
use super::support::world::{Plan, alice, impatient};
use super::support::{Answer, Call, World};

const ID: &[&str] = &["x-request-id"];
const RATE: &[&str] =
    &["ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
const QUOTA: &[&str] = &[
    "x-quota-relationships-active",
    "x-quota-relationships-limit",
    "x-quota-reset",
    "x-quota-turns-limit",
    "x-quota-turns-used",
];
const UNLIMITED: &[&str] = &["x-quota-relationships-active", "x-quota-reset", "x-quota-turns-used"];
const RETRY: &[&str] = &["retry-after"];
const CHALLENGE: &[&str] = &["www-authenticate"];

#[track_caller]
fn expect(answer: &Answer, status: u16, code: &str, headers: &[&[&str]]) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    expect_headers(answer, headers);
}

#[track_caller]
fn expect_headers(answer: &Answer, headers: &[&[&str]]) {
    let mut expected = headers.concat();
    expected.sort_unstable();
    let found = answer.header_names(&[
        "x-request",
        "x-rate",
        "x-quota",
        "retry",
        "www-",
        "ratelimit",
        "allow",
        "location",
    ]);
    assert_eq!(found, expected);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-request-id").unwrap().len(), 26);
}

#[tokio::test]
async fn a_set_up_that_is_begun_is_200_with_the_rate() {
    let world = World::new().await;
    let answer = world.send(&Call::setup()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    expect_headers(&answer, &[ID, RATE]);
    assert_eq!(answer.header("x-ratelimit-limit"), Some("10"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("19"));
    assert_eq!(answer.header("x-ratelimit-reset"), Some("2026-01-15T12:00:00.100Z"));
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_400() {
    let world = World::new().await;
    expect(&world.send(&Call::setup().json("{")).await, 400, "validation_error", &[ID, RATE]);
}

#[tokio::test]
async fn credentials_in_the_url_are_400_before_any_bucket_is_asked() {
    let world = World::new().await;
    let call = Call::post("/v1/me/2fa/setup?access_token=alice");
    expect(&world.send(&call).await, 400, "validation_error", &[ID]);
}

#[tokio::test]
async fn no_credentials_are_401_with_the_rate_of_the_client() {
    let world = World::new().await;
    let answer = world.send(&Call::post("/v1/me/2fa/setup")).await;
    expect(&answer, 401, "authentication_error", &[ID, RATE, CHALLENGE]);
    assert_eq!(answer.header("x-ratelimit-limit"), Some("20"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("39"));
}

#[tokio::test]
async fn an_expired_token_is_401() {
    let world = World::new().await;
    let answer = world.send(&Call::post("/v1/me/2fa/setup").token("expired")).await;
    expect(&answer, 401, "token_expired", &[ID, RATE, CHALLENGE]);
}

#[tokio::test]
async fn an_invalid_token_is_401() {
    let world = World::new().await;
    let answer = world.send(&Call::post("/v1/me/2fa/setup").token("x.y.z")).await;
    expect(&answer, 401, "invalid_token", &[ID, RATE, CHALLENGE]);
}

#[tokio::test]
async fn an_api_key_is_403_with_the_quota() {
    let world = World::new().await;
    let answer = world.send(&Call::post("/v1/me/2fa/setup").token(&world.api_key)).await;
    expect(&answer, 403, "permission_denied", &[ID, RATE, QUOTA]);
    assert_eq!(answer.header("x-quota-turns-used"), Some("0"));
    assert_eq!(answer.header("x-quota-turns-limit"), Some("1000"));
    assert_eq!(answer.header("x-quota-relationships-active"), Some("0"));
    assert_eq!(answer.header("x-quota-relationships-limit"), Some("100"));
    assert_eq!(answer.header("x-quota-reset"), Some("2026-02-01T00:00:00.000Z"));
}

#[tokio::test]
async fn a_suspended_organization_is_403_with_the_quota() {
    let world = World::new().await;
    let answer = world.send(&Call::post("/v1/me/2fa/setup").token("suspended")).await;
    expect(&answer, 403, "permission_denied", &[ID, RATE, QUOTA]);
}

#[tokio::test]
async fn an_unlimited_plan_leaves_out_the_limits() {
    let world = World::new().await;
    let answer = world.send(&Call::post("/v1/me/2fa/setup").token("unlimited-suspended")).await;
    expect(&answer, 403, "permission_denied", &[ID, RATE, UNLIMITED]);
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_408() {
    let world = World::with_settings(impatient()).await;
    let call = Call::setup().header("content-type", "application/json").header("content-length", "10");
    let answer = world.send(&call).await;
    expect(&answer, 408, "validation_error", &[ID, RATE]);
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test]
async fn an_enabled_factor_is_409() {
    let world = World::new().await;
    arrange::enabled(&*world.stores.factors, &alice(), NOW).await;
    let answer = world.send(&Call::setup()).await;
    expect(&answer, 409, "conflict", &[ID, RATE]);
    assert_eq!(answer.json()["error"]["details"]["reason"], "already_enabled");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_413() {
    let world = World::new().await;
    let answer = world.send(&Call::setup().json(" ".repeat(8 * 1024 + 1))).await;
    expect(&answer, 413, "validation_error", &[ID, RATE]);
}

#[tokio::test]
async fn another_media_type_is_415() {
    let world = World::new().await;
    let answer = world.send(&Call::setup().header("content-type", "text/plain").body("{}")).await;
    expect(&answer, 415, "validation_error", &[ID, RATE]);
}

#[tokio::test]
async fn a_value_that_is_not_acceptable_is_422() {
    let world = World::new().await;
    let answer = world.send(&Call::setup().json(r#"{"account_name":7}"#)).await;
    expect(&answer, 422, "validation_error", &[ID, RATE]);
}

#[tokio::test]
async fn too_many_requests_of_the_organization_are_429_with_rate_and_quota() {
    let world = World::new().await;
    world.drain_organization().await;
    let answer = world.send(&Call::setup()).await;
    expect(&answer, 429, "rate_limit_exceeded", &[ID, RATE, RETRY, QUOTA]);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(answer.header("x-ratelimit-reset"), Some("2026-01-15T12:00:02.000Z"));
}

#[tokio::test]
async fn too_many_requests_without_credentials_are_429_with_the_rate() {
    let world = World::new().await;
    world.drain_client().await;
    let answer = world.send(&Call::post("/v1/me/2fa/setup")).await;
    expect(&answer, 429, "rate_limit_exceeded", &[ID, RATE, RETRY]);
    let answer = world.send(&Call::setup()).await;
    assert_eq!(answer.status, 200, "valid credentials take nothing out of the client's bucket");
}

#[tokio::test]
async fn too_many_set_ups_of_a_user_are_429() {
    let limits = SetupLimits { setups: 1, ..SetupLimits::default() };
    let world = World::planned(Plan { setup_limits: limits, ..Plan::default() }).await;
    assert_eq!(world.send(&Call::setup()).await.status, 200);
    let answer = world.send(&Call::setup()).await;
    expect(&answer, 429, "rate_limit_exceeded", &[ID, RATE, RETRY, QUOTA]);
    assert_eq!(answer.header("retry-after"), Some("3600"));
}

#[tokio::test]
async fn an_exhausted_quota_is_429_and_names_the_component() {
    let world = World::new().await;
    world.consume(turns_event("1", 1_000, NOW)).await;
    let answer = world.send(&Call::setup()).await;
    expect(&answer, 429, "quota_exhausted", &[ID, RATE, RETRY, QUOTA]);
    assert_eq!(answer.json()["error"]["details"]["component"], "turns");
    assert_eq!(answer.header("x-quota-turns-used"), Some("1000"));
    // From noon of 15 January to midnight of 1 February.
    assert_eq!(answer.header("retry-after"), Some("1425600"));
}

#[tokio::test]
async fn exhausted_relationships_are_named_too() {
    let world = World::new().await;
    for number in 0..100 {
        world.consume(relationship_event(&format!("e{number}"), &format!("r{number}"), NOW)).await;
    }
    let answer = world.send(&Call::setup()).await;
    expect(&answer, 429, "quota_exhausted", &[ID, RATE, RETRY, QUOTA]);
    assert_eq!(answer.json()["error"]["details"]["component"], "active_relationships");
}

#[tokio::test]
async fn a_fault_of_ours_is_500() {
    let world = World::new().await;
    world.usage.fail(Fault::Corrupt);
    expect(&world.send(&Call::setup()).await, 500, "internal_error", &[ID, RATE]);
}

#[tokio::test]
async fn what_may_work_later_is_503_and_the_body_says_when() {
    let world = World::new().await;
    world.hasher.set_overloaded(true);
    let answer = world.send(&Call::setup()).await;
    expect(&answer, 503, "service_unavailable", &[ID, RATE]);
    assert_eq!(answer.json()["error"]["details"]["retry_after_seconds"], 1);
}

#[tokio::test]
async fn other_paths_and_methods_are_404_and_405() {
    let world = World::new().await;
    expect(&world.send(&Call::post("/v1/me/2fa/set-up").token("alice")).await, 404, "not_found", &[ID]);
    let answer = world.send(&Call::get("/v1/me/2fa/setup").token("alice")).await;
    expect(&answer, 405, "method_not_allowed", &[ID, &["allow"]]);
    assert_eq!(answer.header("allow"), Some("POST"));
}
