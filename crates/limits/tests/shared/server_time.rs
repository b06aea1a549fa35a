//! Buckets refill by the server's clock, whatever it does, and are forgotten when they are full.

use std::time::Duration;

use countersign_domain::admission::ports::RateLimiter as _;
use countersign_testkit::build::{NOW, organization_id};
use countersign_testkit::services::redis::RedisServer;

use crate::support::{WHOLE, limiter, options, organization, spec, take};

const HOUR: i64 = 3_600_000_000;

fn key() -> String {
    format!("countersign:{{{}}}:live", organization_id(1))
}

/// Microseconds since 1970 by the server's clock.
fn server_now(server: &RedisServer) -> i64 {
    let time = server.cli(&["TIME"]);
    let (seconds, micros) = time.split_once('\n').unwrap();
    seconds.parse::<i64>().unwrap() * 1_000_000 + micros.parse::<i64>().unwrap()
}

#[tokio::test]
async fn a_bucket_is_forgotten_once_it_is_full() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), options()).await;
    let _ = take(&limiter, 1).await;
    // A tenth of a second for one token, and a millisecond more.
    let life: i64 = server.cli(&["PTTL", &key()]).parse().unwrap();
    assert!(life <= 102, "{life}");
    while server.cli(&["EXISTS", &key()]) != "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(take(&limiter, 1).await.remaining, 19);
    // Slow buckets stay: their debt is remembered until it is paid.
    assert!(limiter.take(organization(1), spec(1, 500)).await.unwrap().allowed);
    let life: i64 = server.cli(&["PTTL", &key()]).parse().unwrap();
    assert!(life > 102, "{life}");
}

#[tokio::test]
async fn what_is_told_is_told_by_our_own_clock() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), options()).await;
    // The process lives in another time than the server.
    let decision = take(&limiter, 1).await;
    assert_eq!(decision.full_at, NOW.saturating_add(Duration::from_millis(100)));
    assert_eq!(decision.retry_at, NOW);
}

#[tokio::test]
async fn a_clock_that_went_back_gives_nothing_and_takes_nothing() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), options()).await;
    let ahead = server_now(&server) + HOUR;
    server.cli(&["SET", &key(), &format!("18000000 {ahead}")]);
    let given = [take(&limiter, 1).await, take(&limiter, 1).await, take(&limiter, 1).await];
    assert_eq!(
        given.map(|decision| (decision.allowed, decision.remaining)),
        [(true, 1), (true, 0), (false, 0)]
    );
    let stored = server.cli(&["GET", &key()]);
    assert_eq!(stored, format!("20000000 {ahead}"));
}

#[tokio::test]
async fn a_clock_that_leapt_forward_fills_the_bucket_and_no_more() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), options()).await;
    let behind = server_now(&server) - HOUR;
    server.cli(&["SET", &key(), &format!("20000000 {behind}")]);
    let decision = take(&limiter, 1).await;
    assert_eq!((decision.allowed, decision.remaining), (true, WHOLE.burst.get() - 1));
}

#[tokio::test]
async fn what_nobody_could_have_stored_is_a_full_bucket_and_is_replaced() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), options()).await;
    for text in ["nonsense", "-5 7", "1e9 7", "5", "5 7 9"] {
        server.cli(&["SET", &key(), text]);
        assert_eq!(take(&limiter, 1).await.remaining, 19, "{text}");
        assert_ne!(server.cli(&["GET", &key()]), text);
    }
    assert_eq!(limiter.losses(), 0);
}
