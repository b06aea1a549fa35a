//! The OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::support::{Call, World};

fn document() -> Value {
    serde_json::to_value(countersign_http::openapi()).unwrap()
}

/// Each documented response with the names of its headers that are always there.
fn required_headers(response: &Value) -> BTreeSet<String> {
    let headers = response["headers"].as_object().unwrap();
    let required = headers.iter().filter(|(_, header)| header["required"] == true);
    required.map(|(name, _)| name.clone()).collect()
}

#[test]
fn the_document() {
    insta::assert_json_snapshot!(document(), { ".info.version" => "[version]" });
}

#[tokio::test]
async fn it_is_served_as_it_is_made() {
    let world = World::new().await;
    let answer = world.send(&Call::get("/openapi.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.json(), document());
    assert_eq!(answer.json()["openapi"], "3.1.0");
}

/// The contract's table.
#[test]
fn the_statuses_of_setup_promise_exactly_their_headers() {
    let rate =
        ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"];
    let quota = [
        "X-Quota-Turns-Used",
        "X-Quota-Turns-Limit",
        "X-Quota-Relationships-Active",
        "X-Quota-Relationships-Limit",
        "X-Quota-Reset",
    ];
    let responses = document()["paths"]["/v1/me/2fa/setup"]["post"]["responses"].clone();
    let statuses: Vec<_> = responses.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        statuses,
        ["200", "400", "401", "403", "408", "409", "413", "415", "422", "429", "500", "503"]
    );
    for (status, response) in responses.as_object().unwrap() {
        let mut expected = vec!["X-Request-Id"];
        match status.as_str() {
            "200" => expected.extend(rate),
            "403" => expected.extend(quota),
            "429" => expected.extend(rate.into_iter().chain(quota).chain(["Retry-After"])),
            _ => {}
        }
        let expected: BTreeSet<_> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(required_headers(response), expected, "{status}");
    }
}

#[test]
fn the_same_status_has_the_same_headers_everywhere_under_v1() {
    let document = document();
    let mut seen = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|_| path.starts_with("/v1/")) {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let mut headers = response["headers"].as_object().unwrap().clone();
                // Only what is sent under a key has answers that are given again.
                let replayed = headers.remove("Idempotency-Replayed").is_some();
                assert_eq!(replayed, method == "post" && ["200", "422"].contains(&status.as_str()));
                let first = seen.entry(status).or_insert(headers.clone());
                assert_eq!(&headers, first, "{path} {status}");
            }
        }
    }
    assert!(seen.len() > 10, "{:?}", seen.keys());
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    assert!(text.contains("$ref"));
}

#[test]
fn every_error_is_the_envelope() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let schema = &response["content"]["application/json"]["schema"]["$ref"];
                let is_error = status.starts_with(['4', '5']) && !(path == "/readyz" && status == "503");
                assert_eq!(schema == "#/components/schemas/ErrorEnvelope", is_error, "{path} {status}");
            }
        }
    }
}
