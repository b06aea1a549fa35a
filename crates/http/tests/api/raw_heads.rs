//! Heads that no proper client sends. Every answer has a request id and the envelope, and ends the connection.

use super::support::client::Connection;
use super::support::world::impatient;
use super::support::{Answer, Call, World};

/// The one answer to `bytes`, after which the connection is closed.
async fn last_answer(world: &World, bytes: &[u8]) -> Answer {
    let mut connection = Connection::open(world.address).await;
    connection.write(bytes).await;
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    let answer = connection.answer().await.unwrap_or_else(|| panic!("no answer to {shown:?}"));
    assert!(connection.answer().await.is_none(), "a second answer to {shown:?}");
    answer
}

#[track_caller]
fn expect(answer: &Answer, status: u16, problem: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, "validation_error"), "{}", answer.text());
    assert_eq!(answer.problems(), [(String::new(), problem.to_owned())]);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    assert_eq!(answer.header("x-request-id").unwrap().len(), 26);
    assert!(answer.header("date").is_some());
}

#[tokio::test]
async fn what_is_no_http_is_400() {
    let world = World::new().await;
    let heads: [&[u8]; 16] = [
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/3.0\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1 x\r\nhost: x\r\n\r\n",
        b"GET /\r\nhost: x\r\n\r\n",
        b"GET  / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"G\x00T / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: a\x7fb\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx y: z\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n: z\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nhost: x\r\n\r\n",
    ];
    for head in heads {
        expect(&last_answer(&world, head).await, 400, "malformed_request");
    }
}

#[tokio::test]
async fn framing_that_two_readers_could_read_in_two_ways_is_400() {
    let world = World::new().await;
    for framing in [
        "content-length: 2\r\ncontent-length: 2",
        "content-length: 2\r\ncontent-length: 3",
        "content-length: 2\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 2",
        "content-length: +2",
        "content-length: -2",
        "content-length: 0x2",
        "content-length: 2, 2",
        "content-length: 99999999999999999999999999",
        "content-length:",
        "transfer-encoding: identity",
        "transfer-encoding: chunked, chunked",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "transfer-encoding : chunked",
        "x: a\r\n folded: b",
        "x: a\r\n\tfolded",
    ] {
        let head = format!("POST /v1/me/2fa/setup HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n{{}}");
        expect(&last_answer(&world, head.as_bytes()).await, 400, "malformed_request");
    }
    let old = b"POST /v1/me/2fa/setup HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(&last_answer(&world, old).await, 400, "malformed_request");
}

#[tokio::test]
async fn too_many_and_too_long_headers_are_431() {
    let world = World::new().await;
    let mut many = "GET /healthz HTTP/1.1\r\nhost: x\r\n".to_owned();
    many.push_str(&"a: b\r\n".repeat(96));
    expect(&last_answer(&world, format!("{many}\r\n").as_bytes()).await, 431, "too_large");

    let long = format!("GET /healthz HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "b".repeat(129 * 1024));
    expect(&last_answer(&world, long.as_bytes()).await, 431, "too_large");
    let longer =
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-request-id: {}\r\n\r\n", "b".repeat(1_000_000));
    expect(&last_answer(&world, longer.as_bytes()).await, 431, "too_large");
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_is_408() {
    let world = World::with_settings(impatient()).await;
    for beginning in ["", "G", "GET /healthz HTTP/1.1\r\nhost: x\r\n"] {
        expect(&last_answer(&world, beginning.as_bytes()).await, 408, "timeout");
    }
}

#[tokio::test]
async fn a_good_request_before_a_bad_one_is_answered_first() {
    let world = World::new().await;
    let mut connection = Connection::open(world.address).await;
    let docs = Call::get("/docs/swagger-ui.css").bytes();
    connection.write(&[&Call::setup().json("{}").bytes()[..], &docs, b"garbage\r\n\r\n"].concat()).await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    let asset = connection.answer().await.unwrap();
    assert_eq!(asset.status, 200);
    assert!(asset.body.len() > 100_000);
    expect(&connection.answer().await.unwrap(), 400, "malformed_request");
    assert!(connection.answer().await.is_none());
}

#[tokio::test]
async fn ids_are_our_own_and_differ() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for head in
        ["garbage\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\r\nx-request-id: 01JD0000000000000000000000\r\n\r\n"]
    {
        for _ in 0..3 {
            let mut connection = Connection::open(world.address).await;
            connection.write(head.as_bytes()).await;
            ids.push(connection.answer().await.unwrap().header("x-request-id").unwrap().to_owned());
        }
    }
    assert!(!ids.contains(&"01JD0000000000000000000000".to_owned()));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[tokio::test]
async fn an_id_that_a_client_sends_is_never_repeated() {
    let world = World::new().await;
    for id in ["a%0d%0aSet-Cookie:x", "evil", "01JD0000000000000000000000"] {
        let answer = world.send(&Call::get("/v1/me").header("x-request-id", id)).await;
        assert!(!format!("{:?}", answer.headers).contains(id));
        assert_eq!(answer.code(), "authentication_error");
    }
}

#[tokio::test]
async fn unusual_targets_are_routed_or_404() {
    let world = World::new().await;
    for (target, status) in [
        ("http://elsewhere.example/v1/me", 200),
        ("/v1/me?page=1", 200),
        ("//v1/me", 404),
        ("/v1//me", 404),
        ("/v1/me/", 404),
        ("/v1/./me", 404),
        ("/v1/x/../me", 404),
        ("/%2e%2e/v1/me", 404),
        ("/v1/me%00", 404),
        ("/v1/me%2f2fa", 404),
        ("/v1/%c0%af", 404),
        ("/v1/%ff", 404),
        ("/V1/ME", 404),
        ("/docs/../v1/me", 404),
        ("/docs/%2e%2e/%2e%2e/etc/passwd", 404),
    ] {
        let answer = world.send(&Call::get(target).token("alice")).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
    }
    assert_eq!(world.send(&Call::new("OPTIONS", "*")).await.status, 404);
    let long = format!("/{}", "x".repeat(10_000));
    assert_eq!(world.send(&Call::get(&long)).await.status, 404);
}

#[tokio::test]
async fn unusual_methods_are_405_or_404() {
    let world = World::new().await;
    for method in ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "HEAD", "FOO", "get"] {
        let call =
            Call::new(method, "/v1/me/2fa/setup").token("alice").header("x-http-method-override", "POST");
        let answer = world.send(&call).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
        assert!(answer.header("x-request-id").is_some());
    }
    assert_eq!(world.send(&Call::new("CONNECT", "example.org:443")).await.status, 404);
    assert_eq!(world.hasher.calls(), 0);
}

/// RFC 9112, section 2.2 lets a server take a bare LF as the end of a line, and actix-http does. Nothing can be
/// smuggled past it: both kinds end the same lines.
#[tokio::test]
async fn bare_line_feeds_are_line_ends() {
    let world = World::new().await;
    let mut connection = Connection::open(world.address).await;
    connection.write(b"GET /healthz HTTP/1.1\nhost: x\n\n").await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn http_1_0_is_served() {
    let world = World::new().await;
    let answer = last_answer(&world, b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer.status, 200);
}
