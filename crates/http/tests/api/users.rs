//! Which users have a second factor, and how many.

use std::time::Duration;

use countersign_domain::admission::scope::Scope;
use countersign_domain::identity::{Environment, Subject};
use countersign_testkit::arrange;
use countersign_testkit::build::{NOW, organization_id, subject, subject_in};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::platform::key;
use super::support::{Call, World};

async fn enable(world: &World, subject: &Subject) {
    let _ = arrange::enabled(&*world.stores.factors, subject, NOW).await;
}

async fn begin(world: &World, subject: &Subject) {
    let _ = arrange::pending(&*world.stores.factors, subject, NOW).await;
}

async fn get(world: &World, path: &str, token: &str) -> Value {
    let answer = world.send(&Call::get(path).token(token)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn ids(page: &Value) -> Vec<String> {
    let users = page["data"].as_array().unwrap().iter();
    users.map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn users_are_listed_with_the_state_of_their_factors() {
    let world = World::new().await;
    enable(&world, &subject("alice")).await;
    begin(&world, &subject("bob")).await;
    let alice = json!({
        "user_id": "alice", "state": "enabled",
        "enabled_at": "2026-01-15T12:00:00.000Z", "pending_expires_at": null,
    });
    let bob = json!({
        "user_id": "bob", "state": "pending",
        "enabled_at": null, "pending_expires_at": "2026-01-15T12:10:00.000Z",
    });
    for (query, expected) in
        [("", vec![&alice, &bob]), ("?state=enabled", vec![&alice]), ("?state=pending", vec![&bob])]
    {
        let page = get(&world, &format!("/v1/users{query}"), &world.api_key).await;
        assert_eq!(page, json!({"data": expected, "next_cursor": null}), "{query}");
    }
}

#[tokio::test]
async fn an_expired_set_up_is_neither_listed_nor_counted() {
    let world = World::new().await;
    begin(&world, &subject("bob")).await;
    let counted = |pending| json!({"enabled": 0, "pending": pending, "disabled": null});
    assert_eq!(get(&world, "/v1/organization/coverage", &world.api_key).await, counted(1));
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(get(&world, "/v1/organization/coverage", &world.api_key).await, counted(0));
    assert_eq!(ids(&get(&world, "/v1/users", &world.api_key).await), Vec::<String>::new());
}

#[tokio::test]
async fn coverage_tells_who_is_left_when_the_platform_says_how_many_users_it_has() {
    let world = World::new().await;
    enable(&world, &subject("alice")).await;
    begin(&world, &subject("bob")).await;
    for (query, disabled) in [
        ("", Value::Null),
        ("?users=10", json!(8)),
        ("?users=2", json!(0)),
        ("?users=0", json!(0)),
        ("?users=1000000000000", json!(999_999_999_998_u64)),
    ] {
        let coverage = get(&world, &format!("/v1/organization/coverage{query}"), &world.api_key).await;
        assert_eq!(coverage, json!({"enabled": 1, "pending": 1, "disabled": disabled}), "{query}");
    }
}

#[tokio::test]
async fn a_key_sees_its_own_organization_and_environment_only() {
    let world = World::new().await;
    enable(&world, &subject("alice")).await;
    enable(&world, &subject_in(organization_id(1), Environment::Test, "trial")).await;
    enable(&world, &subject_in(organization_id(3), Environment::Live, "dave")).await;
    let test_key = key(&world, Environment::Test, &[Scope::TwoFactorRead]).await;
    for (token, user) in [(&world.api_key, "alice"), (&test_key, "trial")] {
        assert_eq!(ids(&get(&world, "/v1/users", token).await), [user]);
        assert_eq!(get(&world, "/v1/organization/coverage", token).await["enabled"], 1);
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let world = World::new().await;
    let users = ["10", "9", "a/b", "a b", "~"].map(subject);
    for user in &users {
        enable(&world, user).await;
    }
    let mut expected = users.map(|user| user.user.to_string());
    expected.sort();
    for limit in [1, 2, 5, 100] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/users?state=enabled&limit={limit}{cursor}");
            let page = get(&world, &path, &world.api_key).await;
            found.extend(ids(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, expected, "{limit}");
    }
}

#[tokio::test]
async fn a_made_up_cursor_is_a_place_in_the_own_list_and_opens_no_other() {
    let world = World::new().await;
    enable(&world, &subject("alice")).await;
    enable(&world, &subject("carol")).await;
    enable(&world, &subject_in(organization_id(3), Environment::Live, "dave")).await;
    let cursor = BASE64URL_NOPAD.encode(b"bob");
    let page = get(&world, &format!("/v1/users?cursor={cursor}"), &world.api_key).await;
    assert_eq!(ids(&page), ["carol"]);
}

#[tokio::test]
async fn queries_that_are_not_acceptable_are_refused_with_the_name_of_the_parameter() {
    let world = World::new().await;
    for (query, field, code) in [
        ("users?limit=0", "/limit", "not_acceptable"),
        ("users?limit=-1", "/limit", "not_acceptable"),
        ("users?limit=101", "/limit", "not_acceptable"),
        ("users?limit=1000000000", "/limit", "not_acceptable"),
        ("users?limit=%31%00", "/limit", "not_acceptable"),
        ("users?limit=1&limit=1", "/limit", "duplicate_field"),
        ("users?cursor=", "/cursor", "not_acceptable"),
        ("users?cursor=alice", "/cursor", "not_acceptable"),
        ("users?cursor=YWxpY2U%3D", "/cursor", "not_acceptable"),
        ("users?cursor=AAAA", "/cursor", "not_acceptable"),
        ("users?cursor=w6Q", "/cursor", "not_acceptable"),
        ("users?state=", "/state", "not_acceptable"),
        ("users?state=Enabled", "/state", "not_acceptable"),
        ("users?state=disabled", "/state", "not_acceptable"),
        ("users?user_id=alice", "/user_id", "unknown_field"),
        ("organization/coverage?users=-1", "/users", "not_acceptable"),
        ("organization/coverage?users=%2B1", "/users", "not_acceptable"),
        ("organization/coverage?users=1000000000001", "/users", "not_acceptable"),
        ("organization/coverage?users=1e3", "/users", "not_acceptable"),
        ("organization/coverage?users=", "/users", "not_acceptable"),
        ("organization/coverage?limit=1", "/limit", "unknown_field"),
    ] {
        world.clock.advance(Duration::from_secs(1));
        let answer = world.send(&Call::get(&format!("/v1/{query}")).token(&world.api_key)).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{query}");
        assert_eq!(answer.problems(), [(field.to_owned(), code.to_owned())], "{query}");
    }
}
