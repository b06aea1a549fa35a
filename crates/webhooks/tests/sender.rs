//! What a receiver sees of an attempt, and what is made of what it does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::net::SocketAddr;

use countersign_domain::audit::ports::AuditRecord;
use countersign_domain::identity::{AuditEventId, Environment, UserId};
use countersign_domain::webhooks::address::AddressPolicy;
use countersign_domain::webhooks::delivery::{AttemptOutcome, SendFailure};
use countersign_domain::webhooks::delivery_ports::{Message, WebhookSender as _};
use countersign_domain::webhooks::url::WebhookUrl;
use countersign_testkit::build::{NOW, fresh_ulid, organization_id, webhook_secret};
use countersign_webhooks::HttpWebhookSender;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn message(url: &str) -> Message {
    Message {
        url: WebhookUrl::new(url).unwrap(),
        secrets: vec![webhook_secret()],
        organization: organization_id(1),
        record: AuditRecord {
            id: AuditEventId::new(fresh_ulid()),
            environment: Some(Environment::Live),
            user: Some(UserId::new("alice").unwrap()),
            name: "two_factor.disabled".to_owned(),
            details: vec![("method".to_owned(), "totp".to_owned())],
            actor: "user".to_owned(),
            request: None,
            address: None,
            at: NOW,
        },
    }
}

async fn send(policy: AddressPolicy, url: &str) -> AttemptOutcome {
    HttpWebhookSender::new(policy).unwrap().send(message(url)).await
}

/// A receiver that answers one request with `answer`; what it was sent comes back.
async fn receiver(answer: &'static [u8]) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        let mut buffer = [0; 4_096];
        while !request.ends_with("}}}") {
            let read = stream.read(&mut buffer).await.unwrap();
            assert_ne!(read, 0, "{request}");
            request.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
        stream.write_all(answer).await.unwrap();
        request
    };
    (address, tokio::spawn(serve))
}

#[tokio::test]
async fn a_receiver_gets_one_signed_json_document() {
    let (address, received) = receiver(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    let url = format!("http://localhost:{}/hook?token=x", address.port());
    let sent = message(&url);
    let id = sent.record.id;
    let sender = HttpWebhookSender::new(AddressPolicy::Loopback).unwrap();
    assert_eq!(sender.send(sent).await, AttemptOutcome::Answered(204));
    let received = received.await.unwrap();
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?token=x HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    assert!(head.contains("x-countersign-signature: sha256="), "{head}");
    let expected = format!(
        "{{\"id\":\"{id}\",\"type\":\"two_factor.disabled\",\"created_at\":\"2026-01-15T12:00:00.000Z\",\"data\":\
         {{\"organization_id\":\"{}\",\"environment\":\"live\",\"user_id\":\"alice\",\"actor\":\"user\",\
         \"request_id\":null,\"details\":{{\"method\":\"totp\"}}}}}}",
        organization_id(1)
    );
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let answer = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
    let (address, received) = receiver(answer).await;
    assert_eq!(
        send(AddressPolicy::Loopback, &format!("http://{address}/")).await,
        AttemptOutcome::Answered(302)
    );
    received.await.unwrap();
}

#[tokio::test]
async fn what_is_no_answer_is_a_failure() {
    let (address, received) = receiver(b"").await;
    let outcome = send(AddressPolicy::Loopback, &format!("http://{address}/")).await;
    assert_eq!(outcome, AttemptOutcome::Failed(SendFailure::NoAnswer));
    received.await.unwrap();
    // Its port is closed now.
    let outcome = send(AddressPolicy::Loopback, &format!("http://{address}/")).await;
    assert_eq!(outcome, AttemptOutcome::Failed(SendFailure::NotConnected));
    let outcome = send(AddressPolicy::Loopback, "http://nowhere.invalid/").await;
    assert_eq!(outcome, AttemptOutcome::Failed(SendFailure::NameNotResolved));
}

#[tokio::test]
async fn addresses_inside_are_refused_before_anything_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = AttemptOutcome::Failed(SendFailure::AddressRefused);
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        assert_eq!(send(AddressPolicy::Public, &url).await, refused, "{url}");
    }
    assert_eq!(send(AddressPolicy::Loopback, "http://10.0.0.1/").await, refused);
    assert_eq!(send(AddressPolicy::Private, "http://1.1.1.1/").await, refused);
    let connected = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
    assert!(connected.is_err(), "somebody connected");
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tls_is_not_connected() {
    let (address, received) = receiver(b"").await;
    let outcome = send(AddressPolicy::Loopback, &format!("https://{address}/")).await;
    assert_eq!(outcome, AttemptOutcome::Failed(SendFailure::NotConnected));
    received.abort();
}
