//! Reading the audit trail, by the user and by the organization.

use std::time::Duration;

use countersign_domain::admission::api_key::ApiKey;
use countersign_domain::admission::ports::{ApiKeyStore as _, Created};
use countersign_domain::admission::scope::Scope;
use countersign_domain::audit::event::{Actor, AuditEvent, Caller, RefusalReason, SecurityEvent};
use countersign_domain::audit::ports::AuditLog as _;
use countersign_domain::identity::{Environment, Subject};
use countersign_domain::two_factor::assertion::Method;
use countersign_domain::two_factor::reset::ResetReason;
use countersign_testkit::build::{
    NOW, api_key, caller, event_about_organization, event_about_user, organization_id, subject, subject_in,
};
use serde_json::{Value, json};

use super::support::{Call, World};

const REFUSED: SecurityEvent =
    SecurityEvent::CodeRefused { method: Method::Totp, reason: RefusalReason::Replayed, attempts_left: 4 };

async fn happened(world: &World, subject: &Subject, event: SecurityEvent) -> AuditEvent {
    let event = event_about_user(subject, event, NOW);
    world.stores.audit.append(event.clone()).await.unwrap();
    event
}

async fn get(world: &World, path: &str, token: &str) -> Value {
    let answer = world.send(&Call::get(path).token(token)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn names(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap()).collect()
}

fn ids(page: &Value) -> Vec<String> {
    let ids = page["data"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

async fn test_key(world: &World) -> String {
    let issued = api_key(organization_id(1), Environment::Test);
    let key = ApiKey { scopes: [Scope::AuditRead].into_iter().collect(), ..issued.key };
    let event = SecurityEvent::ApiKeyCreated { key: key.id.clone() };
    let audit = event_about_organization(organization_id(1), event, NOW);
    assert_eq!(world.stores.api_keys.create(key, audit).await.unwrap(), Created::New);
    issued.token.to_string()
}

#[tokio::test]
async fn users_see_their_own_events_of_their_environment_only() {
    let world = World::new().await;
    let (one, two) = (organization_id(1), organization_id(2));
    happened(&world, &subject("alice"), SecurityEvent::Enabled).await;
    happened(&world, &subject("bob"), REFUSED).await;
    happened(&world, &subject_in(one, Environment::Test, "alice"), REFUSED).await;
    happened(&world, &subject_in(two, Environment::Live, "alice"), REFUSED).await;
    let path = "/v1/me/security-events";
    assert_eq!(names(&get(&world, path, "alice").await), ["two_factor.enabled"]);
    assert_eq!(names(&get(&world, path, "bob").await), ["two_factor.code_refused"]);
    assert_eq!(names(&get(&world, path, "trial").await), ["two_factor.code_refused"]);
    assert_eq!(get(&world, path, "unlimited").await, json!({"data": [], "next_cursor": null}));
}

#[tokio::test]
async fn an_event_is_shown_with_everything_but_the_reason_to_its_user() {
    let world = World::new().await;
    let event = happened(&world, &subject("alice"), REFUSED).await;
    let mut expected = json!({
        "id": event.id.to_string(),
        "name": "two_factor.code_refused",
        "at": "2026-01-15T12:00:00.000Z",
        "actor": "user",
        "environment": "live",
        "user_id": "alice",
        "request_id": event.caller.request.unwrap().to_string(),
        "address": "127.0.0.1",
        "details": {"method": "totp", "attempts_left": "4"},
    });
    assert_eq!(get(&world, "/v1/me/security-events", "alice").await["data"], json!([expected]));
    expected["details"]["reason"] = json!("replayed");
    let path = "/v1/audit-events?user_id=alice";
    assert_eq!(get(&world, path, &world.api_key).await["data"], json!([expected]));
}

#[tokio::test]
async fn what_the_platform_did_shows_its_user_neither_key_nor_address_nor_note() {
    let world = World::new().await;
    let reason = ResetReason::new("lost phone").unwrap();
    let key = api_key(organization_id(1), Environment::Live).key.id;
    let event = event_about_user(&subject("alice"), SecurityEvent::Reset { reason }, NOW);
    let caller = Caller { actor: Actor::ApiKey(key.clone()), ..caller() };
    world.stores.audit.append(AuditEvent { caller, ..event }).await.unwrap();
    let shown = get(&world, "/v1/me/security-events", "alice").await["data"][0].clone();
    let told = (&shown["actor"], &shown["address"], &shown["details"]);
    assert_eq!(told, (&json!("platform"), &Value::Null, &json!({})));
    let shown = get(&world, "/v1/audit-events?user_id=alice", &world.api_key).await["data"][0].clone();
    assert_eq!(shown["actor"], format!("api_key:{}", key.as_str()));
    assert_eq!((&shown["address"], &shown["details"]["reason"]), (&json!("127.0.0.1"), &json!("lost phone")));
}

#[tokio::test]
async fn a_live_key_reads_live_data_and_the_organization_and_a_test_key_test_data() {
    let world = World::new().await;
    happened(&world, &subject("alice"), SecurityEvent::Enabled).await;
    happened(&world, &subject_in(organization_id(1), Environment::Test, "alice"), REFUSED).await;
    happened(&world, &subject_in(organization_id(3), Environment::Live, "alice"), REFUSED).await;
    let live = get(&world, "/v1/audit-events", &world.api_key).await;
    assert_eq!(names(&live), ["organization.created", "api_key.created", "two_factor.enabled"]);
    assert_eq!((&live["data"][0]["environment"], &live["data"][0]["address"]), (&Value::Null, &Value::Null));
    let test = get(&world, "/v1/audit-events", &test_key(&world).await).await;
    assert_eq!(names(&test), ["two_factor.code_refused"]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let world = World::new().await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(happened(&world, &subject("alice"), SecurityEvent::Enabled).await.id.to_string());
    }
    for (path, token) in
        [("/v1/me/security-events?", "alice"), ("/v1/audit-events?user_id=%61lice&", &*world.api_key)]
    {
        for limit in [1, 2, 5, 100] {
            let mut found = Vec::new();
            let mut page = get(&world, &format!("{path}limit={limit}"), token).await;
            found.extend(ids(&page));
            while let Some(cursor) = page["next_cursor"].as_str() {
                assert_eq!(ids(&page).len(), limit);
                page = get(&world, &format!("{path}limit={limit}&cursor={cursor}"), token).await;
                assert_ne!(ids(&page), Vec::<String>::new(), "a cursor led to nothing");
                found.extend(ids(&page));
            }
            assert_eq!(found, expected, "{path} {limit}");
        }
    }
}

#[tokio::test]
async fn a_page_has_fifty_events_when_nothing_else_is_asked_for() {
    let world = World::new().await;
    for _ in 0..51 {
        happened(&world, &subject("alice"), SecurityEvent::Enabled).await;
    }
    let page = get(&world, "/v1/me/security-events", "alice").await;
    assert_eq!((ids(&page).len(), page["next_cursor"].is_string()), (50, true));
}

#[tokio::test]
async fn a_cursor_of_one_trail_shows_nothing_of_another() {
    let world = World::new().await;
    happened(&world, &subject("bob"), SecurityEvent::Enabled).await;
    happened(&world, &subject("bob"), SecurityEvent::Enabled).await;
    happened(&world, &subject("alice"), REFUSED).await;
    let page = get(&world, "/v1/me/security-events?limit=1", "bob").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = get(&world, &format!("/v1/me/security-events?cursor={cursor}"), "alice").await;
    assert_eq!(names(&page), ["two_factor.code_refused"]);
}

#[tokio::test]
async fn queries_that_are_not_acceptable_are_refused_with_the_name_of_the_parameter() {
    let world = World::new().await;
    let cases = [
        ("limit=0", "/limit", "not_acceptable"),
        ("limit=101", "/limit", "not_acceptable"),
        ("limit=ten", "/limit", "not_acceptable"),
        ("limit", "/limit", "not_acceptable"),
        ("limit=1&limit=1", "/limit", "duplicate_field"),
        ("limit=1&l%69mit=2", "/limit", "duplicate_field"),
        ("cursor=", "/cursor", "not_acceptable"),
        ("cursor=AAAA", "/cursor", "not_acceptable"),
        ("cursor=01ARZ3NDEKTSV4RRFFQ69G5FAV", "/cursor", "not_acceptable"),
        ("cursor=%00", "/cursor", "not_acceptable"),
        ("page=2", "/page", "unknown_field"),
        ("limit=%FF", "", "not_acceptable"),
    ];
    let for_keys =
        [("user_id=", "/user_id", "not_acceptable"), ("user_id=%C3%A4", "/user_id", "not_acceptable")];
    let of_me = cases.iter().chain(&[("user_id=bob", "/user_id", "unknown_field")]);
    for (query, field, code) in of_me {
        world.clock.advance(Duration::from_secs(1));
        let call = Call::get(&format!("/v1/me/security-events?{query}")).token("alice");
        let answer = world.send(&call).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{query}");
        assert_eq!(answer.problems(), [((*field).to_owned(), (*code).to_owned())], "{query}");
    }
    for (query, field, code) in cases.iter().chain(&for_keys) {
        world.clock.advance(Duration::from_secs(1));
        let answer = world.send(&Call::get(&format!("/v1/audit-events?{query}")).token(&world.api_key)).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{query}");
        assert_eq!(answer.problems(), [((*field).to_owned(), (*code).to_owned())], "{query}");
    }
}
