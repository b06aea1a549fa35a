//! Credentials that are missing, misplaced or refused.

use super::support::{Answer, Call, World};

const PLAIN: &str = r#"Bearer realm="countersign""#;
const INVALID: &str = r#"Bearer realm="countersign", error="invalid_token""#;

#[track_caller]
fn expect(answer: &Answer, code: &str, challenge: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (401, code), "{}", answer.text());
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn without_a_bearer_token_the_challenge_names_no_error() {
    let world = World::new().await;
    expect(&world.send(&Call::get("/v1/me")).await, "authentication_error", PLAIN);
    for value in
        ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer alice bob", "alice", "Token alice", "Bearer,alice"]
    {
        let answer = world.send(&Call::get("/v1/me").header("authorization", value)).await;
        expect(&answer, "authentication_error", PLAIN);
    }
    assert_eq!(world.tokens.calls(), 0);
}

#[tokio::test]
async fn a_refused_token_is_named_in_the_challenge() {
    let world = World::new().await;
    expect(&world.send(&Call::get("/v1/me").token("expired")).await, "token_expired", INVALID);
    for token in ["x", "a.b", "a.b.c.d", "..", "ey==", "+/+/", "nowhere", "alic", "alicee", "ALICE"] {
        expect(&world.send(&Call::get("/v1/me").token(token)).await, "invalid_token", INVALID);
    }
}

#[tokio::test]
async fn the_answer_does_not_tell_which_check_failed() {
    let world = World::new().await;
    let mut texts = Vec::new();
    for token in [
        "x.y.z",
        "nowhere",
        "cs_live_x",
        "cs_test_0000000000000000000000000000000000000000000000000000000000000",
    ] {
        let mut answer = world.send(&Call::get("/v1/me").token(token)).await.json();
        answer["error"]["request_id"].take();
        texts.push(answer.to_string());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

#[tokio::test]
async fn what_begins_like_an_api_key_is_never_tried_as_a_user_token() {
    let world = World::new().await;
    let tampered = format!("{}x", world.api_key);
    for token in ["cs_live_", "cs_test_alice", &tampered] {
        expect(&world.send(&Call::get("/v1/me").token(token)).await, "invalid_token", INVALID);
    }
    assert_eq!(world.tokens.calls(), 0);
}

#[tokio::test]
async fn a_token_over_8_kib_is_not_looked_at() {
    let world = World::new().await;
    for length in [8 * 1024 + 1, 9_000, 60_000] {
        let answer = world.send(&Call::get("/v1/me").token(&"x".repeat(length))).await;
        expect(&answer, "authentication_error", PLAIN);
    }
    assert_eq!(world.tokens.calls(), 0);
    assert_eq!(world.send(&Call::get("/v1/me").token(&"x".repeat(1_000_000))).await.status, 431);
}

#[tokio::test]
async fn two_credentials_are_400() {
    let world = World::new().await;
    for second in ["Bearer alice", "Bearer bob", "Basic YTpi", ""] {
        let call = Call::get("/v1/me").token("alice").header("Authorization", second);
        let answer = world.send(&call).await;
        assert_eq!(answer.status, 400, "{second}");
        assert_eq!(answer.problems(), [(String::new(), "several_credentials".to_owned())]);
    }
    assert_eq!(world.tokens.calls(), 0);
}

#[tokio::test]
async fn credentials_in_the_url_are_400_even_beside_good_ones() {
    let world = World::new().await;
    for query in
        ["access_token=alice", "api_key=cs_live_x", "a=b&Access_Token=alice", "access%5ftoken=x", "api_key"]
    {
        for call in
            [Call::get(&format!("/v1/me?{query}")), Call::get(&format!("/v1/me?{query}")).token("alice")]
        {
            let answer = world.send(&call).await;
            assert_eq!(answer.status, 400, "{query}");
            assert_eq!(answer.problems(), [(String::new(), "credentials_in_url".to_owned())]);
        }
    }
    assert_eq!(world.tokens.calls(), 0);
}

#[tokio::test]
async fn a_header_in_latin_1_is_no_token() {
    let world = World::new().await;
    let mut connection = super::support::client::Connection::open(world.address).await;
    connection.write(b"GET /v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \xe9\r\n\r\n").await;
    expect(&connection.answer().await.unwrap(), "authentication_error", PLAIN);
}

#[tokio::test]
async fn a_token_that_cannot_be_checked_is_503_and_never_401() {
    let world = World::new().await;
    let answer = world.send(&Call::get("/v1/me").token("unverifiable")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "service_unavailable"));
    assert_eq!(answer.header("www-authenticate"), None);
}
