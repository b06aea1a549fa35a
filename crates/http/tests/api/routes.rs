//! Every route that the document names is there, with the access that it says, and there is no other.

use serde_json::Value;

use super::support::{Call, World};

/// Method, path and whether a token is needed.
fn documented() -> Vec<(String, String, bool)> {
    let document = serde_json::to_value(countersign_http::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let secured = operation.get("security").is_some_and(|security| security != &Value::Null);
            let file = if path.starts_with("/page/") { "account-security.js" } else { "" };
            routes.push((method.to_uppercase(), path.replace("{file}", file), secured));
        }
    }
    routes
}

#[tokio::test]
async fn every_documented_route_answers_and_asks_for_credentials_as_documented() {
    let world = World::new().await;
    for (method, path, secured) in documented() {
        let status = world.send(&Call::new(&method, &path)).await.status;
        assert_eq!(status == 401, secured, "{method} {path}: {status}");
        assert!(![404, 405].contains(&status), "{method} {path}: {status}");
    }
}

#[tokio::test]
async fn every_route_under_v1_asks_for_credentials() {
    assert!(documented().iter().all(|(_, path, secured)| path.starts_with("/v1/") == *secured));
}

#[tokio::test]
async fn every_route_refuses_the_methods_that_it_does_not_have() {
    let world = World::new().await;
    let routes = documented();
    for (_, path, _) in &routes {
        let has = |method: &str| {
            let asked = if method == "HEAD" { "GET" } else { method };
            routes.iter().any(|(known, other, _)| known == asked && other == path)
        };
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let answer = world.send(&Call::new(method, path)).await;
            assert_eq!(answer.status == 405, !has(method), "{method} {path}: {}", answer.status);
            if answer.status == 405 {
                let allow: Vec<_> = answer.header("allow").unwrap().split(", ").collect();
                assert!(allow.iter().all(|method| has(method)), "{path}: {allow:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_api_key_gets_in_nowhere_under_me() {
    let world = World::new().await;
    for (method, path, _) in documented() {
        if path.starts_with("/v1/me") {
            let answer = world.send(&Call::new(&method, &path).token(&world.api_key)).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "permission_denied"), "{path}");
        }
    }
}
