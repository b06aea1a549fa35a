//! Usage and billing.

use std::time::Duration;

use countersign_domain::admission::ports::{OrganizationStore as _, PlanStore as _};
use countersign_domain::admission::scope::Scope;
use countersign_domain::identity::Environment;
use countersign_domain::quota::plan::Ceiling;
use countersign_testkit::build::{NOW, organization_id, period_at, plan, relationship_event, turns_event};
use serde_json::{Value, json};

use super::platform::key;
use super::support::ports::Fault;
use super::support::{Answer, Call, World};

const TURNS: &str = "/v1/usage/turns";

async fn call(world: &World, method: &str, target: &str) -> Answer {
    // No test here is about the rate.
    world.clock.advance(Duration::from_millis(200));
    world.send(&Call::new(method, target).token(&world.api_key)).await
}

async fn get(world: &World, target: &str) -> Value {
    let answer = call(world, "GET", target).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn consuming(world: &World, body: &str) -> Call {
    Call::post(TURNS).token(&world.api_key).json(body)
}

async fn consume(world: &World, count: u64) -> Answer {
    world.clock.advance(Duration::from_millis(200));
    world.send(&consuming(world, &json!({"count": count}).to_string())).await
}

async fn consume_with(world: &World, count: u64, key: &str) -> Answer {
    world.clock.advance(Duration::from_millis(200));
    let call = consuming(world, &json!({"count": count}).to_string());
    world.send(&call.header("idempotency-key", key)).await
}

fn relationship(id: &str) -> String {
    format!("/v1/usage/relationships/{id}")
}

fn january() -> Value {
    json!({"starts_at": "2026-01-01T00:00:00.000Z", "ends_at": "2026-02-01T00:00:00.000Z"})
}

fn usage(turns: u64, relationships: u64) -> Value {
    json!({
        "turns": {"used": turns, "limit": 1_000},
        "active_relationships": {"used": relationships, "limit": 100},
        "period": january(),
    })
}

#[track_caller]
fn expect_exhausted(answer: &Answer, component: &str, used: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (429, "quota_exhausted"), "{}", answer.text());
    assert_eq!(answer.json()["error"]["details"], json!({"component": component}));
    let header = if component == "turns" { "x-quota-turns-used" } else { "x-quota-relationships-active" };
    assert_eq!(answer.header(header), Some(used));
    assert_eq!(answer.header("x-quota-reset"), Some("2026-02-01T00:00:00.000Z"));
    let expected = [
        "retry-after",
        "x-quota-relationships-active",
        "x-quota-relationships-limit",
        "x-quota-reset",
        "x-quota-turns-limit",
        "x-quota-turns-used",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ];
    assert_eq!(answer.header_names(&["retry", "x-quota", "x-rate"]), expected);
}

#[tokio::test]
async fn usage_is_told_as_a_whole_and_in_its_parts() {
    let world = World::new().await;
    assert_eq!(get(&world, "/v1/usage").await, usage(0, 0));
    world.consume(turns_event("1", 7, NOW)).await;
    world.consume(relationship_event("2", "r", NOW)).await;
    assert_eq!(get(&world, "/v1/usage").await, usage(7, 1));
    let turns = json!({"used": 7, "limit": 1_000, "period": january()});
    assert_eq!(get(&world, TURNS).await, turns);
    let relationships = json!({"used": 1, "limit": 100, "period": january()});
    assert_eq!(get(&world, "/v1/usage/active-relationships").await, relationships);
}

#[tokio::test]
async fn turns_are_consumed_all_or_none_up_to_the_ceiling() {
    let world = World::new().await;
    let answer = consume(&world, 999).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"accepted": 999, "usage": usage(999, 0)})));
    assert_eq!(answer.header_names(&["x-quota", "retry", "idempotency"]), [""; 0]);
    expect_exhausted(&consume(&world, 2).await, "turns", "999");
    assert_eq!(consume(&world, 1).await.json()["usage"], usage(1_000, 0));
    expect_exhausted(&consume(&world, 1).await, "turns", "1000");
    assert_eq!(get(&world, "/v1/usage").await, usage(1_000, 0));
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_byte_for_byte_and_counts_nothing() {
    let world = World::new().await;
    let first = consume_with(&world, 3, "order-7").await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, None));
    assert_eq!(consume(&world, 5).await.status, 200);
    world.clock.advance(Duration::from_hours(23));
    let again = consume_with(&world, 3, "order-7").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(get(&world, "/v1/usage").await, usage(8, 0));
}

#[tokio::test]
async fn a_key_that_was_used_for_another_call_is_409() {
    let world = World::new().await;
    assert_eq!(consume_with(&world, 3, "order-7").await.status, 200);
    let other = consume_with(&world, 4, "order-7").await;
    assert_eq!((other.status, other.code().as_str()), (409, "conflict"));
    assert_eq!(other.json()["error"]["details"], json!({"reason": "idempotency_mismatch"}));
    assert_eq!(get(&world, "/v1/usage").await, usage(3, 0));
}

#[tokio::test]
async fn a_retry_after_the_api_key_was_replaced_counts_once() {
    let world = World::new().await;
    let replaced = key(&world, Environment::Live, &[Scope::UsageWrite]).await;
    assert_eq!(consume_with(&world, 3, "order-7").await.status, 200);
    let call = Call::post(TURNS).token(&replaced).json(r#"{"count":3}"#);
    let again = world.send(&call.header("idempotency-key", "order-7")).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (200, Some("true")));
    let trial = key(&world, Environment::Test, &[Scope::UsageWrite]).await;
    let call = Call::post(TURNS).token(&trial).json(r#"{"count":4}"#);
    let other = world.send(&call.header("idempotency-key", "order-7")).await;
    assert_eq!((other.status, other.header("idempotency-replayed")), (200, None));
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused_and_named() {
    let world = World::new().await;
    let long = "k".repeat(256);
    for bad in ["", "ä", "a\tb", &long] {
        let answer = consume_with(&world, 1, bad).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{bad:?}");
        assert_eq!(answer.problems(), [("/Idempotency-Key".to_owned(), "not_acceptable".to_owned())]);
    }
    let twice =
        consuming(&world, r#"{"count":1}"#).header("idempotency-key", "a").header("idempotency-key", "a");
    assert_eq!(world.send(&twice).await.problems()[0].0, "/Idempotency-Key");
    assert_eq!(get(&world, "/v1/usage").await, usage(0, 0));
}

#[tokio::test]
async fn a_count_is_a_whole_number_from_1_to_4294967295() {
    let world = World::new().await;
    for (body, problem) in [
        (r#"{"count":0}"#, ("/count", "not_acceptable")),
        (r#"{"count":-1}"#, ("/count", "not_acceptable")),
        (r#"{"count":4294967296}"#, ("/count", "not_acceptable")),
        (r#"{"count":10000000000000000000}"#, ("/count", "not_acceptable")),
        (r#"{"count":99999999999999999999}"#, ("/count", "wrong_type")),
        (r#"{"count":1e19}"#, ("/count", "wrong_type")),
        (r#"{"count":1.0}"#, ("/count", "wrong_type")),
        (r#"{"count":"10"}"#, ("/count", "wrong_type")),
        (r#"{"count":null}"#, ("/count", "wrong_type")),
        (r#"{"count":true}"#, ("/count", "wrong_type")),
        (r#"{"count":[1]}"#, ("/count", "wrong_type")),
        (r"{}", ("/count", "required")),
        (r#"{"count":1,"organization":"x"}"#, ("/organization", "unknown_field")),
    ] {
        world.clock.advance(Duration::from_millis(200));
        let answer = world.send(&consuming(&world, body)).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.problems(), [(problem.0.to_owned(), problem.1.to_owned())], "{body}");
    }
    for (body, status) in [("", 400), ("[]", 400), (r#"{"count":1,"count":1}"#, 400), (r#"{"count":}"#, 400)]
    {
        assert_eq!(world.send(&consuming(&world, body)).await.status, status, "{body}");
    }
    let untyped = Call::post(TURNS).token(&world.api_key).body(r#"{"count":1}"#);
    assert_eq!(world.send(&untyped).await.status, 415);
    assert_eq!(get(&world, "/v1/usage").await, usage(0, 0));
    // More than the plan allows is acceptable, and does not fit.
    expect_exhausted(&consume(&world, 4_294_967_295).await, "turns", "0");
}

#[tokio::test]
async fn a_relationship_counts_once_and_its_end_frees_the_place_with_the_next_period() {
    let world = World::new().await;
    let put = call(&world, "PUT", &relationship("customer-42")).await;
    assert_eq!((put.status, put.json()), (200, json!({"activated": true, "usage": usage(0, 1)})));
    let again = call(&world, "PUT", &relationship("customer-42")).await;
    assert_eq!(again.json(), json!({"activated": false, "usage": usage(0, 1)}));
    let ended = call(&world, "DELETE", &relationship("customer-42")).await;
    assert_eq!((ended.status, ended.json()), (200, json!({"ended": true, "usage": usage(0, 1)})));
    let twice = call(&world, "DELETE", &relationship("customer-42")).await;
    assert_eq!(twice.json()["ended"], false);
    world.clock.set(period_at(NOW).ends_at);
    assert_eq!(get(&world, "/v1/usage").await["active_relationships"]["used"], 0);
}

#[tokio::test]
async fn relationships_are_refused_at_the_ceiling_and_active_ones_are_not() {
    let world = World::new().await;
    for number in 0..100 {
        let put = call(&world, "PUT", &relationship(&number.to_string())).await;
        assert_eq!(put.status, 200, "{}", put.text());
    }
    let refused = call(&world, "PUT", &relationship("one-more")).await;
    expect_exhausted(&refused, "active_relationships", "100");
    assert_eq!(call(&world, "PUT", &relationship("7")).await.json()["activated"], false);
    assert_eq!(call(&world, "DELETE", &relationship("7")).await.status, 200);
    let refused = call(&world, "PUT", &relationship("one-more")).await;
    expect_exhausted(&refused, "active_relationships", "100");
    world.clock.set(period_at(NOW).ends_at);
    assert_eq!(
        call(&world, "PUT", &relationship("one-more")).await.json()["usage"]["active_relationships"]["used"],
        100
    );
}

#[tokio::test]
async fn an_id_is_percent_encoded_printable_ascii() {
    let world = World::new().await;
    for good in ["a%2Fb", "a%20b", "%25", "..%2F..", &"x".repeat(255)] {
        assert_eq!(call(&world, "PUT", &relationship(good)).await.json()["activated"], true, "{good}");
    }
    assert_eq!(call(&world, "DELETE", &relationship("a%2fb")).await.json()["ended"], true);
    for bad in ["a%00", "%E2%80%AEa", "%FF", "%0A", "%7F", &"x".repeat(256)] {
        for method in ["PUT", "DELETE"] {
            let answer = call(&world, method, &relationship(bad)).await;
            assert_eq!(
                answer.problems(),
                [("/id".to_owned(), "not_acceptable".to_owned())],
                "{method} {bad}"
            );
        }
    }
    assert_eq!(call(&world, "PUT", &relationship("")).await.status, 404);
    assert_eq!(call(&world, "PUT", &relationship("a/b")).await.status, 404);
    world.clock.advance(Duration::from_secs(2));
    let with_field = Call::new("PUT", &relationship("a")).token(&world.api_key).json(r#"{"state":"ended"}"#);
    assert_eq!(world.send(&with_field).await.problems()[0].0, "/state");
}

#[tokio::test]
async fn test_keys_count_apart_under_the_same_ceilings() {
    let world = World::new().await;
    let trial = key(&world, Environment::Test, Scope::ALL).await;
    assert_eq!(consume(&world, 1_000).await.status, 200);
    let call = Call::post(TURNS).token(&trial).json(r#"{"count":1000}"#);
    assert_eq!(world.send(&call).await.json()["usage"], usage(1_000, 0));
    expect_exhausted(&world.send(&call).await, "turns", "1000");
}

#[tokio::test]
async fn a_consumer_at_the_boundary_belongs_to_one_period() {
    let world = World::new().await;
    let boundary = period_at(NOW).ends_at;
    world.clock.set(boundary.saturating_sub(Duration::from_micros(200_001)));
    assert_eq!(consume(&world, 1_000).await.json()["usage"]["period"], january());
    world.clock.set(boundary.saturating_sub(Duration::from_millis(200)));
    let first = consume(&world, 1).await.json();
    assert_eq!(first["usage"]["turns"]["used"], 1);
    assert_eq!(first["usage"]["period"]["starts_at"], boundary.to_string());
}

#[tokio::test]
async fn quota_headers_are_true_right_after_a_consumer_and_at_the_turn_of_a_period() {
    let world = World::new().await;
    let reader = key(&world, Environment::Live, &[Scope::UsageRead]).await;
    let denied = Call::post(TURNS).token(&reader).json(r#"{"count":1}"#);
    let told = async || {
        let answer = world.send(&denied).await;
        assert_eq!(answer.status, 403);
        answer.header("x-quota-turns-used").unwrap().to_owned()
    };
    assert_eq!(told().await, "0");
    assert_eq!(world.send(&consuming(&world, r#"{"count":7}"#)).await.status, 200);
    assert_eq!(told().await, "7");
    assert_eq!(world.usage.reads(), 1);
    world.clock.set(period_at(NOW).ends_at.saturating_sub(Duration::from_micros(1)));
    assert_eq!(told().await, "7");
    world.clock.set(period_at(NOW).ends_at);
    assert_eq!(told().await, "0");
}

#[tokio::test]
async fn a_plan_that_changes_is_in_force_and_loses_nothing() {
    let world = World::new().await;
    assert_eq!(consume(&world, 800).await.status, 200);
    let mut lower = plan("free");
    lower.turns = Ceiling::Limited(500);
    world.stores.plans.put(lower.clone()).await.unwrap();
    expect_exhausted(&consume(&world, 1).await, "turns", "800");
    assert_eq!(get(&world, TURNS).await, json!({"used": 800, "limit": 500, "period": january()}));
    lower.turns = Ceiling::Unlimited;
    world.stores.plans.put(lower).await.unwrap();
    assert_eq!(consume(&world, 1).await.json()["usage"]["turns"], json!({"used": 801, "limit": null}));
}

#[tokio::test]
async fn plans_and_the_subscription_are_told() {
    let world = World::new().await;
    let plans = get(&world, "/v1/billing/plans").await;
    let ids: Vec<_> = plans["data"].as_array().unwrap().iter().map(|plan| plan["id"].clone()).collect();
    assert_eq!(ids, ["enterprise", "free", "pro", "scale"]);
    assert_eq!(plans["next_cursor"], Value::Null);
    let free = json!({
        "id": "free", "requests_per_second": 10, "burst": 20, "turns": 1_000, "active_relationships": 100,
        "security_calls_exempt": false,
    });
    assert_eq!(plans["data"][1], free);
    assert_eq!(plans["data"][0]["turns"], Value::Null);
    let subscription = get(&world, "/v1/billing/subscription").await;
    assert_eq!(subscription, json!({"plan": free, "anchor_day": 1, "period": january()}));
    let found = world.stores.organizations.find(organization_id(1)).await.unwrap().unwrap();
    assert_eq!(subscription["plan"]["id"], found.plan.id.as_str());
}

#[tokio::test]
async fn counters_that_cannot_be_used_are_503_and_nothing_of_the_inside_is_told() {
    let world = World::new().await;
    world.usage.fail(Fault::Unavailable);
    for (method, target) in
        [("GET", "/v1/usage"), ("PUT", "/v1/usage/relationships/r"), ("DELETE", "/v1/usage/relationships/r")]
    {
        assert_eq!(call(&world, method, target).await.code(), "service_unavailable", "{method} {target}");
    }
    assert_eq!(consume(&world, 1).await.code(), "service_unavailable");
    world.usage.fail(Fault::Corrupt);
    assert_eq!(consume(&world, 1).await.code(), "internal_error");
}
