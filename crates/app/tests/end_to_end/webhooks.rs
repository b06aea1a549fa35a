//! Webhooks to a receiver over real HTTP, whose signatures OpenSSL checks.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use countersign_testkit::on_every_engine;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Engine, Home, Server, text};

on_every_engine!(
    Engine;
    what_happens_is_delivered_with_a_signature_that_openssl_finds_right,
    a_receiver_that_was_down_or_broken_gets_it_when_it_is_up,
    what_was_committed_is_delivered_after_the_process_is_lost,
    private_networks_are_refused_unless_they_are_allowed,
);

/// Nothing takes this long; it keeps a test that would hang from hanging.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request that a receiver got.
struct Received {
    head: String,
    body: String,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn signatures(&self) -> Vec<&str> {
        let name = "x-countersign-signature: ";
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split(',').collect()
    }
}

/// A receiver that answers every request with `status`.
fn receive(listener: TcpListener, status: u16) -> Receiver<Received> {
    let (told, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let request = answer(stream.unwrap(), status);
            if told.send(request).is_err() {
                break;
            }
        }
    });
    requests
}

fn answer(mut stream: TcpStream, status: u16) -> Received {
    let (mut text, mut buffer) = (String::new(), [0; 4_096]);
    loop {
        let read = stream.read(&mut buffer).unwrap();
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() == length.parse::<usize>().unwrap() {
                let _ =
                    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                return Received { head: head.to_owned(), body: body.to_owned() };
            }
        }
        assert_ne!(read, 0, "the request ended too early: {text}");
    }
}

/// What OpenSSL makes of the body and the secret.
fn signature(secret: &str, body: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-r", "-hmac", secret]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("openssl is needed; install it: apt-get install openssl");
    child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    format!("sha256={}", output.split(' ').next().unwrap())
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    (listener, url)
}

fn key(home: &Home, server: &Server) -> String {
    let scopes = "--scope webhooks:manage --scope 2fa:manage --scope 2fa:read";
    let organization = server.demo_organization();
    text(&home.json(&format!("api-key create --org {organization} --env live {scopes}"))["key"])
}

async fn call(server: &Server, key: &str, method: Method, path: &str, body: Value) -> Value {
    let answer = server.call(method, path, Some(key), Some(body)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.body()
}

async fn webhook(server: &Server, key: &str, url: &str) -> (String, String) {
    let new = json!({"url": url, "events": ["two_factor.*", "webhook.secret_rotated"]});
    let made = call(server, key, Method::POST, "/v1/webhooks", new).await;
    (format!("/v1/webhooks/{}", text(&made["id"])), text(&made["secret"]))
}

async fn what_happens_is_delivered_with_a_signature_that_openssl_finds_right(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let key = key(&home, &server);
    let (listener, url) = listener();
    let received = receive(listener, 204);
    let (path, secret) = webhook(&server, &key, &url).await;
    assert_eq!(server.setup(&server.demo_token()).await.status, 200);
    let started = received.recv_timeout(PATIENCE).unwrap();
    let body = started.json();
    assert_eq!(
        (&body["type"], &body["data"]["user_id"]),
        (&json!("two_factor.setup_started"), &json!("alice"))
    );
    assert_eq!(started.signatures(), [signature(&secret, &started.body)]);

    let rotated = call(&server, &key, Method::POST, &format!("{path}/rotate-secret"), json!({})).await;
    let told = received.recv_timeout(PATIENCE).unwrap();
    let both = [signature(&text(&rotated["secret"]), &told.body), signature(&secret, &told.body)];
    assert_eq!(told.signatures(), both);

    let (status, _, log) = server.stop();
    assert!(status.success());
    for hidden in [secret.as_str(), rotated["secret"].as_str().unwrap()] {
        assert!(!log.contains(hidden));
    }
}

async fn a_receiver_that_was_down_or_broken_gets_it_when_it_is_up(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let key = key(&home, &server);
    let (listener, url) = listener();
    let address = listener.local_addr().unwrap();
    let broken = receive(listener, 500);
    let (path, _) = webhook(&server, &key, &url).await;
    assert_eq!(server.setup(&server.demo_token()).await.status, 200);
    let first = broken.recv_timeout(PATIENCE).unwrap().json();
    // The first pause is ten seconds; meanwhile the receiver goes away, and a better one takes its place.
    drop(broken);
    drop(TcpStream::connect(address));
    let log = loop {
        let log = server.get(&format!("{path}/deliveries"), &key).await.body();
        if log["data"][0]["last_status"] == 500 {
            break log;
        }
    };
    assert_eq!((&log["data"][0]["state"], &log["data"][0]["attempts"]), (&json!("pending"), &json!(1)));
    assert!(log["data"][0]["next_attempt_at"].as_str() > log["data"][0]["last_attempt_at"].as_str());
    let better = receive(bind_again(address), 200);
    let again = std::iter::from_fn(|| Some(better.recv_timeout(PATIENCE).unwrap()));
    let again = again.map(|received| received.json()).find(|body| body["id"] == first["id"]);
    assert_eq!(again.unwrap(), first);
}

/// The port, once the receiver before has given it up.
fn bind_again(address: std::net::SocketAddr) -> TcpListener {
    loop {
        if let Ok(listener) = TcpListener::bind(address) {
            return listener;
        }
        let _ = TcpStream::connect(address);
    }
}

async fn what_was_committed_is_delivered_after_the_process_is_lost(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let key = key(&home, &server);
    // Nobody answers here: the connection is accepted by the system, and the attempt hangs.
    let (listener, url) = listener();
    let (path, secret) = webhook(&server, &key, &url).await;
    assert_eq!(server.setup(&server.demo_token()).await.status, 200);
    server.kill();

    let received = receive(listener, 204);
    let server = home.serve("serve");
    // An attempt that was cut off holds its claim for a minute; what nobody had claimed is due at once.
    let lost = std::iter::from_fn(|| Some(received.recv_timeout(2 * PATIENCE).unwrap()));
    let found = lost.map(|received| {
        let signatures: Vec<String> = received.signatures().into_iter().map(str::to_owned).collect();
        (received.json(), signatures, received.body)
    });
    let (body, signatures, raw) =
        found.into_iter().find(|(body, _, _)| body["type"] == "two_factor.setup_started").unwrap();
    assert_eq!(signatures, [signature(&secret, &raw)]);
    assert_eq!(body["data"]["user_id"], "alice");
    assert_eq!(server.get(&path, &key).await.status, 200);
}

async fn private_networks_are_refused_unless_they_are_allowed(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let key = key(&home, &server);
    for inside in ["http://10.0.0.1/", "https://192.168.1.1/", "http://169.254.169.254/", "http://1.1.1.1/"] {
        let new = json!({"url": inside});
        let refused = server.call(Method::POST, "/v1/webhooks", Some(&key), Some(new)).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "validation_error"), "{inside}");
    }
}
