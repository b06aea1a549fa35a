//! Who a client is, for its bucket: nobody gets a fresh one by a header.

use countersign_domain::admission::ports::BucketKey;
use countersign_http::{ForwardingHeader, HttpSettings};

use super::support::world::Plan;
use super::support::{Call, World};

const NAMES: [&str; 6] =
    ["x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"];

async fn behind(header: ForwardingHeader) -> World {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    let settings = Plan::default().settings;
    World::with_settings(HttpSettings { trusted_proxies, forwarding_header: header, ..settings }).await
}

fn asked(world: &World, address: &str) -> bool {
    world.limiter.was_asked(BucketKey::client(address.parse().unwrap()))
}

#[tokio::test]
async fn headers_of_a_client_that_is_no_proxy_change_nothing() {
    let world = World::new().await;
    world.drain_client().await;
    for number in 0..20 {
        let mut call = Call::get("/v1/me");
        for name in NAMES {
            let value = if name == "forwarded" {
                format!("for=198.51.100.{number}")
            } else {
                format!("198.51.100.{number}")
            };
            call = call.header(name, &value);
        }
        assert_eq!(world.send(&call).await.status, 429);
        assert!(!asked(&world, &format!("198.51.100.{number}")));
    }
}

#[tokio::test]
async fn behind_a_proxy_the_right_most_foreign_hop_is_the_client() {
    let world = behind(ForwardingHeader::XForwardedFor).await;
    let mut remaining = Vec::new();
    for number in 0..5 {
        let hops = format!("198.51.100.{number}, 203.0.113.7, 10.0.0.1");
        let call = Call::get("/v1/me").header("x-forwarded-for", &hops).header("forwarded", "for=192.0.2.1");
        let answer = world.send(&call).await;
        remaining.push(answer.header("x-ratelimit-remaining").unwrap().to_owned());
    }
    assert_eq!(remaining, ["39", "38", "37", "36", "35"]);
    assert!(asked(&world, "203.0.113.7"));
    assert!(!asked(&world, "192.0.2.1"));
}

#[tokio::test]
async fn a_proxy_that_writes_forwarded_is_read_there() {
    let world = behind(ForwardingHeader::Forwarded).await;
    let forwarded = "for=198.51.100.1, for=\"[2001:db8::7]:4711\";proto=https, for=10.0.0.1";
    let call = Call::get("/v1/me").header("forwarded", forwarded).header("x-forwarded-for", "192.0.2.1");
    assert_eq!(world.send(&call).await.status, 401);
    assert!(asked(&world, "2001:db8::7"));
    assert!(!asked(&world, "192.0.2.1"));
}
