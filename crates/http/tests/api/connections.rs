//! Connections that are kept, and those that are ended.

use countersign_http::{HttpSettings, Timeouts};
use std::time::Duration;

use super::support::client::Connection;
use super::support::world::impatient;
use super::support::{Call, World};

/// Only what a test is about is short: nothing else may end the connection.
fn only(timeouts: impl FnOnce(&mut Timeouts)) -> HttpSettings {
    let long = Duration::from_mins(1);
    let mut all = Timeouts { head: long, body: long, request: long, keep_alive: long };
    timeouts(&mut all);
    HttpSettings { timeouts: all, ..impatient() }
}

const SOON: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let world = World::new().await;
    let mut connection = Connection::open(world.address).await;
    for _ in 0..3 {
        connection.write(&Call::get("/v1/me").token("alice").bytes()).await;
        assert_eq!(connection.answer().await.unwrap().status, 200);
        connection.write(&Call::setup().json("{").bytes()).await;
        assert_eq!(connection.answer().await.unwrap().status, 400);
        connection.write(&Call::get("/nowhere").bytes()).await;
        assert_eq!(connection.answer().await.unwrap().status, 404);
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_each_with_its_own_id() {
    let world = World::new().await;
    let mut connection = Connection::open(world.address).await;
    let calls = [Call::get("/healthz"), Call::setup().json("{}"), Call::get("/nowhere"), Call::get("/v1/me")];
    connection.write(&calls.map(|call| call.bytes()).concat()).await;
    let mut ids = Vec::new();
    for status in [200, 200, 404, 401] {
        let answer = connection.answer().await.unwrap();
        assert_eq!(answer.status, status);
        ids.push(answer.header("x-request-id").unwrap().to_owned());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let world = World::with_settings(only(|timeouts| timeouts.keep_alive = SOON)).await;
    let mut connection = Connection::open(world.address).await;
    connection.write(&Call::get("/healthz").bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    assert!(connection.answer().await.is_none());
}

#[tokio::test]
async fn a_second_head_that_does_not_end_is_not_waited_for() {
    let world = World::with_settings(only(|timeouts| timeouts.head = SOON)).await;
    let mut connection = Connection::open(world.address).await;
    connection.write(&Call::get("/healthz").bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    connection.write(b"GET /healthz HTTP/1.1\r\nhost: ").await;
    assert!(connection.answer().await.is_none());
}

#[tokio::test]
async fn the_rest_of_a_chunked_body_that_nobody_reads_is_not_waited_for() {
    let world = World::with_settings(only(|timeouts| timeouts.keep_alive = SOON)).await;
    let mut connection = Connection::open(world.address).await;
    connection.write(&Call::post("/v1/me/2fa/setup").header("transfer-encoding", "chunked").bytes()).await;
    connection.write(b"5\r\n{").await;
    assert_eq!(connection.answer().await.unwrap().status, 401);
    assert!(connection.answer().await.is_none());
}

#[tokio::test]
async fn a_broken_chunk_gets_one_answer() {
    let world = World::new().await;
    for token in ["alice", "expired"] {
        let mut connection = Connection::open(world.address).await;
        let call = Call::post("/v1/me/2fa/setup").token(token).header("content-type", "application/json");
        connection.write(&call.header("transfer-encoding", "chunked").bytes()).await;
        connection.write(b"xyz\r\n{}\r\n0\r\n\r\n").await;
        let answer = connection.answer().await.unwrap();
        assert_eq!(answer.status, if token == "alice" { 400 } else { 401 });
        assert!(connection.answer().await.is_none(), "a second answer");
    }
}

#[tokio::test]
async fn what_follows_a_body_that_nobody_read_is_the_next_request() {
    let world = World::new().await;
    let unread =
        Call::post("/v1/me/2fa/setup").token("expired").chunked(&[b"GET / HTTP/1.1\r\n\r\n", &[b'x'; 5_000]]);
    let mut connection = Connection::open(world.address).await;
    connection
        .write(&[unread.bytes(), Call::get("/healthz").bytes(), b"garbage\r\n\r\n".to_vec()].concat())
        .await;
    for status in [401, 200, 400] {
        assert_eq!(connection.answer().await.unwrap().status, status);
    }
    assert!(connection.answer().await.is_none());
}

#[tokio::test]
async fn expect_100_continue_then_silence_is_408() {
    let world = World::with_settings(only(|timeouts| timeouts.body = SOON)).await;
    let mut connection = Connection::open(world.address).await;
    let call = Call::setup().header("content-type", "application/json").header("content-length", "2");
    connection.write(&call.header("expect", "100-continue").bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 100);
    let answer = connection.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "validation_error"));
    assert!(connection.answer().await.is_none());
}

#[tokio::test]
async fn expect_100_continue_then_the_body_is_served() {
    let world = World::new().await;
    let mut connection = Connection::open(world.address).await;
    let call = Call::setup().header("content-type", "application/json").header("content-length", "2");
    connection.write(&call.header("expect", "100-continue").bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 100);
    connection.write(b"{}").await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_chunked_body_that_drips_is_408() {
    let world = World::with_settings(only(|timeouts| timeouts.body = SOON)).await;
    let mut connection = Connection::open(world.address).await;
    let call =
        Call::setup().header("content-type", "application/json").header("transfer-encoding", "chunked");
    connection.write(&call.bytes()).await;
    connection.write(b"1\r\n{\r\n").await;
    let answer = connection.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "validation_error"));
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_given_up() {
    let world = World::with_settings(only(|timeouts| timeouts.keep_alive = SOON)).await;
    let mut connection = Connection::open(world.address).await;
    // Far more than sockets buffer, so the server has to stop writing.
    let many = Call::get("/docs/swagger-ui-bundle.js").bytes().repeat(16);
    connection.write(&many).await;
    connection.until_closed_unread().await;
}
