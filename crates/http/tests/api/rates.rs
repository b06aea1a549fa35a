//! What answers tell of the bucket that was asked, read as structured fields (RFC 9651).

use std::time::{Duration, Instant};

use countersign_testkit::build::organization_id;
use sfv::{BareItem, List, ListEntry, Parser};

use super::support::{Answer, Call, World};

/// The one member of a list: its name and two whole numbers.
fn member(answer: &Answer, field: &str, parameters: [&str; 2]) -> (String, [i64; 2]) {
    let text = answer.header(field).unwrap_or_else(|| panic!("no {field}"));
    let list: List = Parser::new(text).parse().unwrap();
    let [ListEntry::Item(item)] = &list[..] else { panic!("not one item: {text}") };
    let BareItem::String(name) = &item.bare_item else { panic!("no string: {text}") };
    assert_eq!(item.params.keys().map(|key| key.as_str()).collect::<Vec<_>>(), parameters, "{text}");
    let number = |name: &str| match item.params[name] {
        BareItem::Integer(number) => i64::from(number),
        _ => panic!("{name} is no whole number: {text}"),
    };
    (name.as_str().to_owned(), parameters.map(number))
}

/// `RateLimit-Policy` and `RateLimit`.
fn fields(answer: &Answer) -> (String, [i64; 2], [i64; 2]) {
    let (name, declared) = member(answer, "ratelimit-policy", ["q", "w"]);
    let (same, left) = member(answer, "ratelimit", ["r", "t"]);
    assert_eq!(name, same);
    (name, declared, left)
}

#[tokio::test]
async fn a_call_that_came_in_tells_the_bucket_of_its_organization() {
    let world = World::new().await;
    let answer = world.send(&Call::get("/v1/me").token("alice")).await;
    // Ten a second and twenty at once: after one call the bucket is full again within a second.
    assert_eq!(fields(&answer), ("org".to_owned(), [20, 2], [19, 1]));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("19"));
}

#[tokio::test]
async fn a_call_without_credentials_tells_the_bucket_of_its_client() {
    let world = World::new().await;
    let answer = world.send(&Call::get("/v1/me")).await;
    assert_eq!(fields(&answer), ("client".to_owned(), [40, 2], [39, 1]));
    world.drain_client().await;
    let refused = world.send(&Call::get("/v1/me")).await;
    assert_eq!(fields(&refused), ("client".to_owned(), [40, 2], [0, 1]));
}

#[tokio::test]
async fn an_empty_bucket_tells_when_there_is_a_token_as_retry_after_does() {
    let world = World::new().await;
    world.drain_organization().await;
    let refused = world.send(&Call::get("/v1/me").token("alice")).await;
    let (name, _, [left, wait]) = fields(&refused);
    assert_eq!((refused.status, name.as_str(), left), (429, "org", 0));
    assert_eq!(refused.header("retry-after"), Some(wait.to_string().as_str()));
    world.clock.advance(Duration::from_millis(200));
    let let_in = world.send(&Call::get("/v1/me").token("alice")).await;
    assert_eq!(fields(&let_in), ("org".to_owned(), [20, 2], [1, 2]));
}

#[tokio::test]
async fn nobody_is_told_of_another_bucket() {
    let world = World::new().await;
    world.drain_organization().await;
    world.drain_client().await;
    let answer = world.send(&Call::get("/v1/me").token("unlimited")).await;
    assert_eq!(fields(&answer), ("org".to_owned(), [2_000, 2], [1_999, 1]));
    for (name, value) in &answer.headers {
        assert!(!value.contains(&organization_id(3).to_string()), "{name}");
    }
}

#[tokio::test]
async fn a_refusal_gives_way_to_a_call_that_is_being_served() {
    let (world, mut served) = World::serving_a_set_up().await;
    let begun = Instant::now();
    let refused = world.send(&Call::get("/v1/me")).await;
    assert_eq!(refused.status, 401);
    assert!(begun.elapsed() >= Duration::from_millis(10));
    world.hasher.open();
    assert_eq!(served.answer().await.unwrap().status, 200);
}
