//! Webhooks over HTTP: who may see and change what, and what is refused.

use std::time::Duration;

use countersign_domain::admission::scope::Scope;
use countersign_domain::identity::Environment;
use serde_json::{Value, json};

use super::platform::{key, post};
use super::support::{Answer, Call, World};

const PATH: &str = "/v1/webhooks";

async fn make(world: &World, token: &str) -> Value {
    let answer = post(world, token, PATH, &json!({"url": "https://example.com/hook"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn one(webhook: &Value) -> String {
    format!("{PATH}/{}", webhook["id"].as_str().unwrap())
}

async fn patch(world: &World, path: &str, body: &Value) -> Answer {
    world.send(&Call::new("PATCH", path).token(&world.api_key).json(body.to_string())).await
}

async fn get(world: &World, path: &str) -> Answer {
    world.send(&Call::get(path).token(&world.api_key)).await
}

#[tokio::test]
async fn a_secret_is_shown_when_it_is_made_and_never_again() {
    let world = World::new().await;
    let made = make(&world, &world.api_key).await;
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let shown = json!({
        "id": made["id"],
        "environment": "live",
        "url": "https://example.com/hook",
        "events": ["*"],
        "description": null,
        "status": "active",
        "created_at": made["created_at"],
        "old_secret_valid_until": null,
        "secret": secret,
    });
    assert_eq!(made, shown);
    let rotated = post(&world, &world.api_key, &format!("{}/rotate-secret", one(&made)), &json!({})).await;
    let new = rotated.json();
    assert_ne!(new["secret"], made["secret"]);
    for path in [PATH.to_owned(), one(&made), format!("{}/deliveries", one(&made))] {
        let answer = get(&world, &path).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("whsec_"), "{}", answer.text());
    }
    let until = get(&world, &one(&made)).await.json()["old_secret_valid_until"].clone();
    assert_eq!(until, new["old_secret_valid_until"]);
}

#[tokio::test]
async fn a_call_that_is_repeated_does_nothing_twice_and_shows_no_secret_again() {
    let world = World::new().await;
    let repeated = async |path: &str, body: Value| {
        let call =
            Call::post(path).token(&world.api_key).header("idempotency-key", path).json(body.to_string());
        let (first, again) = (world.send(&call).await, world.send(&call).await);
        assert_eq!((first.status, again.status), (200, 200), "{}", again.text());
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let mut told = first.json();
        assert!(told.as_object_mut().unwrap().remove("secret").is_some());
        assert_eq!(again.json(), told);
        told
    };
    let made = repeated(PATH, json!({"url": "https://example.com/hook"})).await;
    let _ = repeated(&format!("{}/rotate-secret", one(&made)), json!({})).await;
    assert_eq!(get(&world, PATH).await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn fields_are_changed_one_by_one() {
    let world = World::new().await;
    let made = make(&world, &world.api_key).await;
    let change =
        json!({"events": ["two_factor.*", "api_key.created"], "status": "paused", "description": "x"});
    let changed = patch(&world, &one(&made), &change).await.json();
    assert_eq!(changed["events"], json!(["api_key.created", "two_factor.*"]));
    assert_eq!((&changed["status"], &changed["description"]), (&json!("paused"), &json!("x")));
    let changed = patch(&world, &one(&made), &json!({"description": null})).await.json();
    assert_eq!((&changed["status"], &changed["description"]), (&json!("paused"), &Value::Null));
    assert_eq!(patch(&world, &one(&made), &json!({})).await.json(), changed);
}

#[tokio::test]
async fn what_is_not_acceptable_is_told_by_field() {
    let world = World::new().await;
    let made = make(&world, &world.api_key).await;
    let many: Vec<_> = (0..33).map(|number| format!("a.b{number}")).collect();
    for (field, value, code) in [
        ("url", json!("example.com"), "not_acceptable"),
        ("url", json!("http://example.com"), "not_acceptable"),
        ("url", json!("https://10.0.0.1/"), "not_acceptable"),
        ("url", json!("https://user:pass@example.com"), "not_acceptable"),
        ("url", json!("https://example.com/\u{0}"), "not_acceptable"),
        ("url", json!(format!("https://example.com/{}", "x".repeat(2_048))), "not_acceptable"),
        ("url", json!(1), "wrong_type"),
        ("events", json!([]), "not_acceptable"),
        ("events", json!(["two_factor"]), "not_acceptable"),
        ("events", json!(many), "not_acceptable"),
        ("events", json!("*"), "wrong_type"),
        ("events", json!([1]), "wrong_type"),
        ("description", json!(""), "not_acceptable"),
        ("description", json!("a\u{202e}b"), "not_acceptable"),
        ("description", json!({}), "wrong_type"),
        ("url", Value::Null, "wrong_type"),
        ("secret", json!("whsec_mine"), "unknown_field"),
        ("id", json!("01JD0000000000000000000000"), "unknown_field"),
    ] {
        world.clock.advance(Duration::from_secs(1));
        let mut new = json!({"url": "https://example.com"});
        new[field] = value.clone();
        let expected = [(format!("/{field}"), code.to_owned())];
        let refused = post(&world, &world.api_key, PATH, &new).await;
        assert_eq!((refused.status, refused.problems()), (422, expected.to_vec()), "{field} {value}");
        let refused = patch(&world, &one(&made), &json!({ field: value })).await;
        assert_eq!((refused.status, refused.problems()), (422, expected.to_vec()), "{field} {value}");
    }
    for (status, code) in [(json!("failing"), "not_acceptable"), (Value::Null, "wrong_type")] {
        let status = patch(&world, &one(&made), &json!({ "status": status })).await;
        assert_eq!(status.problems(), [("/status".to_owned(), code.to_owned())]);
    }
    let events = patch(&world, &one(&made), &json!({"events": null})).await;
    assert_eq!(events.problems(), [("/events".to_owned(), "wrong_type".to_owned())]);
    for overlap in [json!(-1), json!(604_801), json!(1e19)] {
        let path = format!("{}/rotate-secret", one(&made));
        let refused = post(&world, &world.api_key, &path, &json!({"overlap_seconds": overlap})).await;
        assert_eq!(refused.status, 422, "{overlap}");
    }
    assert_eq!(post(&world, &world.api_key, PATH, &json!({})).await.problems()[0].1, "required");
}

#[tokio::test]
async fn a_webhook_of_elsewhere_is_not_there() {
    let world = World::new().await;
    let made = make(&world, &world.api_key).await;
    let test = key(&world, Environment::Test, Scope::ALL).await;
    let of_test = make(&world, &test).await;
    assert_eq!(of_test["environment"], "test");
    let unknown = [
        one(&of_test),
        format!("{PATH}/01JD0000000000000000000000"),
        format!("{PATH}/x"),
        format!("{PATH}/%00"),
        format!("{PATH}/%FF"),
    ];
    for path in unknown {
        let calls = [
            ("GET", path.clone()),
            ("PATCH", path.clone()),
            ("DELETE", path.clone()),
            ("POST", format!("{path}/rotate-secret")),
            ("POST", format!("{path}/test")),
            ("GET", format!("{path}/deliveries")),
            ("POST", format!("{path}/deliveries/01JD0000000000000000000000/redeliver")),
        ];
        for (method, path) in calls {
            // No test here is about the rate.
            world.clock.advance(Duration::from_secs(1));
            let call = Call::new(method, &path).token(&world.api_key);
            let call = if method == "PATCH" { call.json("{}") } else { call };
            let answer = world.send(&call).await;
            assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{method} {path}");
        }
    }
    let list = get(&world, PATH).await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["id"], made["id"]);
}

#[tokio::test]
async fn lists_go_on_where_the_cursor_says() {
    let world = World::new().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(make(&world, &world.api_key).await["id"].clone());
    }
    made.sort_by_key(Value::to_string);
    let first = get(&world, &format!("{PATH}?limit=2")).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(&world, &format!("{PATH}?limit=2&cursor={cursor}")).await.json();
    let ids =
        |page: &Value| page["data"].as_array().unwrap().iter().map(|w| w["id"].clone()).collect::<Vec<_>>();
    assert_eq!([ids(&first), ids(&second)].concat(), made);
    assert_eq!(second["next_cursor"], Value::Null);
    for bad in ["limit=0", "limit=101", "limit=-1", "cursor=x", "state=active"] {
        assert_eq!(get(&world, &format!("{PATH}?{bad}")).await.status, 422, "{bad}");
    }
}

#[tokio::test]
async fn the_seventeenth_is_a_conflict_until_one_is_removed() {
    let world = World::new().await;
    let mut last = Value::Null;
    for _ in 0..16 {
        world.clock.advance(Duration::from_secs(1));
        last = make(&world, &world.api_key).await;
    }
    world.clock.advance(Duration::from_secs(10));
    let refused = post(&world, &world.api_key, PATH, &json!({"url": "https://example.com"})).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    assert_eq!(refused.json()["error"]["details"]["reason"], "too_many_webhooks");
    let removed = world.send(&Call::new("DELETE", &one(&last)).token(&world.api_key)).await;
    assert_eq!((removed.status, removed.json()), (200, json!({"id": last["id"]})));
    let _ = make(&world, &world.api_key).await;
}

#[tokio::test]
async fn a_test_is_queued_and_cannot_be_queued_again_meanwhile() {
    let world = World::new().await;
    let made = make(&world, &world.api_key).await;
    let queued = post(&world, &world.api_key, &format!("{}/test", one(&made)), &json!({})).await.json();
    let id = queued["delivery_id"].as_str().unwrap();
    let log = get(&world, &format!("{}/deliveries", one(&made))).await.json();
    let entry = log["data"].as_array().unwrap().iter().find(|entry| entry["id"] == id).unwrap().clone();
    assert_eq!((&entry["type"], &entry["state"]), (&json!("webhook.test"), &json!("pending")));
    assert_eq!((&entry["attempts"], &entry["last_status"]), (&json!(0), &Value::Null));
    let path = format!("{}/deliveries/{id}/redeliver", one(&made));
    let refused = post(&world, &world.api_key, &path, &json!({})).await;
    assert_eq!(refused.json()["error"]["details"]["reason"], "delivery_pending");
}
