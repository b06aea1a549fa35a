//! Limits in Redis: what a server does with it, and without it.

use countersign_testkit::on_every_engine;
use countersign_testkit::services::authority::Authority;
use countersign_testkit::services::redis::{RedisCluster, RedisSentinel, RedisServer};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::support::authenticator::code;
use crate::support::{Answer, Engine, Home, Server, text};

on_every_engine!(Engine; without_redis_nobody_gets_more_guesses);

const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);
const SLOW: &str =
    "plan set slow --requests-per-second 1 --burst 200 --turns unlimited --relationships unlimited";

/// Asks until `/readyz` says `wanted` of the limits; what is found out serves for a second.
async fn until_limits_are(server: &Server, wanted: &str) -> Answer {
    for _ in 0..600 {
        let answer = server.call(Method::GET, "/readyz", None, None).await;
        let body = answer.body();
        let dependencies = body["dependencies"].as_array().unwrap();
        if dependencies.contains(&json!({"name": "limits", "status": wanted})) {
            return answer;
        }
        sleep(PAUSE).await;
    }
    panic!("limits are never {wanted}");
}

fn policy(answer: &Answer) -> &str {
    answer.header("ratelimit-policy").expect("a bucket was asked")
}

/// Asks until the whole bucket (of the store) or half of it (of the process on its own) answers.
async fn until_policy(server: &Server, token: &str, wanted: &str) {
    for _ in 0..600 {
        if policy(&server.get("/v1/me/2fa", token).await) == wanted {
            return;
        }
        sleep(PAUSE).await;
    }
    panic!("{wanted} never comes");
}

#[tokio::test]
async fn when_redis_is_gone_a_server_goes_on_with_its_part_and_says_so() {
    let mut redis = RedisServer::start_with(&["--requirepass", "hunter2"]);
    let home = Home::new();
    home.json(SLOW);
    let token = home.token(&home.organization("slow"), "alice");
    let variables = [("REDIS_PASSWORD", "hunter2"), ("COUNTERSIGN_LIMITS__PASSWORD", "env:REDIS_PASSWORD")];
    let server = home.serve_with(&variables, &format!("serve --limits {}", redis.url()));
    until_policy(&server, &token, "\"org\";q=200;w=200").await;
    until_limits_are(&server, "ready").await;

    redis.kill();
    let without = server.get("/v1/me/2fa", &token).await;
    assert_eq!((without.status.as_u16(), policy(&without)), (200, "\"org\";q=100;w=100"));
    let readiness = until_limits_are(&server, "degraded").await;
    assert_eq!((readiness.status.as_u16(), &readiness.body()["status"]), (200, &json!("ready")));
    server.wait_for_log("shared limits are lost");

    redis.restart();
    until_policy(&server, &token, "\"org\";q=200;w=200").await;
    let (status, stdout, log) = server.stop();
    assert!(status.success());
    assert!(!stdout.contains("hunter2") && !log.contains("hunter2"), "{log}");
}

#[tokio::test]
async fn a_store_with_a_certificate_of_somebody_else_is_not_used_and_the_log_says_why() {
    let (right, wrong) = (Authority::new(), Authority::new());
    let (cluster, sentinel) = (RedisCluster::start_with_tls(&right), RedisSentinel::start_with_tls(&right));
    let home = Home::new();
    home.json(SLOW);
    let token = home.token(&home.organization("slow"), "alice");
    for url in [cluster.url(), sentinel.url()] {
        for (authority, is_trusted) in [(&right, true), (&wrong, false)] {
            let file = authority.file();
            let variables =
                [("COUNTERSIGN_LIMITS__URL", &*url), ("COUNTERSIGN_LIMITS__CA_FILE", file.to_str().unwrap())];
            let server = home.serve_with(&variables, "serve");
            let bucket = if is_trusted { "\"org\";q=200;w=200" } else { "\"org\";q=100;w=100" };
            until_policy(&server, &token, bucket).await;
            let log = server.stop().2;
            assert_eq!(log.contains("certificate"), !is_trusted, "{url}: {log}");
        }
    }
}

/// Wrong codes are counted in the database: a store that is lost, or forgets, gives nobody another guess.
async fn without_redis_nobody_gets_more_guesses(engine: Engine) {
    let mut redis = RedisServer::start();
    let home = Home::on(engine);
    home.json(SLOW);
    let token = home.token(&home.organization("slow"), "alice");
    let server = home.serve(&format!("serve --limits {}", redis.url()));
    let secret = text(&server.setup(&token).await.body()["secret"]);
    assert_eq!(server.verify_setup(&token, &code(&secret)).await.status, 200);
    let guess =
        || server.call(Method::POST, "/v1/me/2fa/verify", Some(&token), Some(json!({"code": "000000"})));
    let mut answers = Vec::new();
    for number in 0..7 {
        match number {
            2 => drop(redis.cli(&["FLUSHALL"])),
            4 => redis.kill(),
            _ => {}
        }
        answers.push(guess().await.status.as_u16());
    }
    assert_eq!(answers, [422, 422, 422, 422, 422, 423, 423]);
}
