//! Usage over the API, by file and at the command line: the same numbers.

use std::sync::Arc;

use countersign_testkit::on_every_engine;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Engine, Home, Server, text};

on_every_engine!(
    Engine;
    the_api_and_files_count_in_the_same_numbers,
    parallel_consumers_with_repetitions_end_exactly_at_the_ceiling,
);

fn key(home: &Home, organization: &str) -> String {
    let scopes = "--scope usage:read --scope usage:write";
    text(&home.json(&format!("api-key create --org {organization} --env live {scopes}"))["key"])
}

async fn used(server: &Server, key: &str) -> (Value, Value) {
    let usage = server.get("/v1/usage", key).await.body();
    (usage["turns"]["used"].clone(), usage["active_relationships"]["used"].clone())
}

fn shown(home: &Home, organization: &str) -> (Value, Value) {
    let usage = home.json(&format!("usage show --org {organization}"));
    (usage["turns"]["used"].clone(), usage["active_relationships"]["used"].clone())
}

async fn the_api_and_files_count_in_the_same_numbers(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let organization = home.organization("free");
    let key = key(&home, &organization);
    for relationship in ["customer-1", "customer-2"] {
        let path = format!("/v1/usage/relationships/{relationship}");
        assert_eq!(server.call(Method::PUT, &path, Some(&key), None).await.status, 200);
    }
    let consumed = server.call(Method::POST, "/v1/usage/turns", Some(&key), Some(json!({"count": 5}))).await;
    assert_eq!((consumed.status.as_u16(), consumed.body()["accepted"].clone()), (200, json!(5)));
    let rows =
        ["a,3,", "b,,customer-2", "c,,customer-3", "a,3,"].map(|row| format!("{organization},{row}\n"));
    home.write("usage.csv", &format!("organization,event_id,turns,relationship_id\n{}", rows.concat()));
    home.json("usage record usage.csv");
    assert_eq!(used(&server, &key).await, (json!(8), json!(3)));
    assert_eq!(shown(&home, &organization), (json!(8), json!(3)));
    let counted = home.run("--output json usage rollup");
    assert_eq!((counted.code, counted.stdout.as_str()), (0, ""), "{}", counted.stderr);
}

async fn parallel_consumers_with_repetitions_end_exactly_at_the_ceiling(engine: Engine) {
    let home = Home::on(engine);
    let plan = "--requests-per-second 100000 --burst 100000 --turns 150 --relationships 10";
    home.json(&format!("plan set metered {plan}"));
    let server = Arc::new(home.serve("serve"));
    let organization = home.organization("metered");
    let key = key(&home, &organization);
    let calls: Vec<_> = (0..400)
        .map(|number| {
            let (server, key) = (server.clone(), key.clone());
            // Every second call is sent twice with the same key.
            let name = if number % 4 < 2 { format!("pair-{}", number / 4) } else { format!("one-{number}") };
            tokio::spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                let request = client.post(format!("{}/v1/usage/turns", server.address())).bearer_auth(key);
                let request = request.header("idempotency-key", &name).json(&json!({"count": 1}));
                let answer = request.send().await.unwrap();
                let is_replayed = answer.headers().contains_key("idempotency-replayed");
                (answer.status().as_u16(), is_replayed)
            })
        })
        .collect();
    let mut counted = 0;
    for call in calls {
        match call.await.unwrap() {
            (200, is_replayed) => counted += usize::from(!is_replayed),
            (status, _) => assert_eq!(status, 429),
        }
    }
    assert_eq!(counted, 150);
    assert_eq!(used(&server, &key).await.0, json!(150));
}
