//! A key names one call of one caller.

use countersign_domain::admission::scope::Scope;
use countersign_domain::identity::Environment;

use super::super::platform::key;
use super::*;

#[tokio::test]
async fn the_same_key_with_another_body_or_route_is_another_call() {
    let world = World::new().await;
    let alice = Party::alice();
    let first = alice.post(&world, "setup", "one", &json!({"account_name": "a"})).await;
    assert_eq!(first.status, 200);
    for (verb, body) in [
        ("setup", json!({"account_name": "b"})),
        ("setup", json!({})),
        ("verify-setup", json!({"account_name": "a"})),
        ("verify", json!({"code": "000000"})),
    ] {
        assert_conflict(&alice.post(&world, verb, "one", &body).await, "idempotency_mismatch");
    }
    assert_repeats(&first, &alice.post(&world, "setup", "one", &json!({"account_name": "a"})).await);
}

#[tokio::test]
async fn the_same_key_for_another_user_is_another_call_however_the_path_is_spelled() {
    let world = World::new().await;
    let platform = Party::platform(&world);
    let first = platform.post(&world, "setup", "one", &json!({})).await;
    assert_eq!(first.status, 200);
    let spelled = Party { prefix: "/v1/users/%61lice/2fa", ..platform.clone() };
    assert_repeats(&first, &spelled.post(&world, "setup", "one", &json!({})).await);
    let bob = Party { prefix: "/v1/users/bob/2fa", ..platform };
    assert_conflict(&bob.post(&world, "setup", "one", &json!({})).await, "idempotency_mismatch");
}

#[tokio::test]
async fn a_key_of_somebody_else_is_another_name() {
    let world = World::new().await;
    let second_key = key(&world, Environment::Live, &[Scope::TwoFactorManage]).await;
    let test_key = key(&world, Environment::Test, &[Scope::TwoFactorManage]).await;
    let platform = Party::platform(&world);
    let parties = [
        Party::alice(),
        Party { token: "bob".to_owned(), ..Party::alice() },
        Party { token: "trial".to_owned(), ..Party::alice() },
        Party { token: test_key, ..platform.clone() },
        platform.clone(),
        Party { token: second_key, ..platform },
    ];
    for (number, party) in parties.iter().enumerate() {
        let answer = party.post(&world, "setup", "one", &json!({})).await;
        assert_eq!((answer.status, is_replayed(&answer)), (200, false), "{}", answer.text());
        assert_eq!(world.hasher.calls(), number + 1);
    }
}

#[tokio::test]
async fn what_is_not_a_post_has_no_use_for_a_key() {
    let world = World::new().await;
    for key in ["one", "one", ""] {
        let call = Call::get("/v1/me/2fa").token("alice").header("idempotency-key", key);
        let answer = world.send(&call).await;
        assert_eq!((answer.status, is_replayed(&answer)), (200, false));
    }
}

#[test]
fn every_post_documents_the_key_and_its_conflicts() {
    let document = serde_json::to_value(countersign_http::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let documented = parameters.iter().any(|parameter| {
                (&parameter["name"], &parameter["in"], &parameter["required"])
                    == (&json!("Idempotency-Key"), &json!("header"), &json!(false))
            });
            assert_eq!(documented, method == "post", "{method} {path}");
            if documented {
                let conflict = operation["responses"]["409"]["description"].as_str().unwrap();
                assert!(conflict.contains("idempotency_mismatch"), "{path}: {conflict}");
                assert!(operation["responses"]["200"]["headers"]["Idempotency-Replayed"].is_object());
            }
        }
    }
}
