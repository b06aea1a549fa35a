//! How a server ends.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use countersign_testkit::on_every_engine;
use futures_util::future::join_all;
use reqwest::Method;
use rustix::process::{Signal, kill_process};

use crate::support::{Engine, Home};

on_every_engine!(
    Engine;
    a_server_that_is_stopped_under_load_has_closed_its_database,
);

/// How often it is stopped: what ends too early does so only sometimes.
const STOPS: usize = 20;
/// Clients that ask as fast as they are answered.
const CLIENTS: usize = 8;

async fn a_server_that_is_stopped_under_load_has_closed_its_database(engine: Engine) {
    let home = Home::on(engine);
    for stop in 0..STOPS {
        let server = home.serve("serve");
        let token = server.demo_token();
        let load = join_all((0..CLIENTS).map(async |_| {
            while server.try_call(Method::POST, "/v1/me/2fa/setup", Some(&token), None).await.is_ok() {}
        }));
        let stopping = async {
            server.state(&token).await;
            kill_process(server.pid(), Signal::TERM).unwrap();
        };
        tokio::join!(load, stopping);
        let (status, _, log) = server.wait();
        // Who is ended by a signal has no code.
        assert_eq!(status.code(), Some(0), "stop {stop}: {status}: {log}");
        assert_eq!(logs_of_sqlite(&home), Vec::<String>::new(), "stop {stop}: {log}");
    }
}

/// The files beside a SQLite database that are there only while it is open.
fn logs_of_sqlite(home: &Home) -> Vec<String> {
    let files = std::fs::read_dir(home.path().join("countersign-data")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with("-wal") || name.ends_with("-shm")).collect()
}

#[test]
fn a_signal_lets_running_requests_finish_and_the_exit_code_is_0() {
    let home = Home::new();
    let server = home.serve("serve");
    let host = server.address().replace("http://", "");
    let body = "{\"code\": \"123456\"}";
    let mut running = TcpStream::connect(&host).unwrap();
    write!(
        running,
        "POST /v1/me/2fa/verify-setup HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        server.demo_token(),
        body.len()
    )
    .unwrap();
    let mut answer = BufReader::new(running.try_clone().unwrap());
    // The server asks for the body: the request is under way.
    assert_eq!(line(&mut answer), "HTTP/1.1 100 Continue");
    assert_eq!(line(&mut answer), "");
    kill_process(server.pid(), Signal::TERM).unwrap();
    server.wait_for_log("stopping");
    running.write_all(body.as_bytes()).unwrap();
    assert_eq!(line(&mut answer), "HTTP/1.1 409 Conflict");
    let mut rest = String::new();
    answer.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("no_pending_setup"), "{rest}");
    let (status, _, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(TcpStream::connect(host).is_err());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let home = Home::new();
    let server = home.serve("serve");
    let host = server.address().replace("http://", "");
    let mut running = TcpStream::connect(&host).unwrap();
    write!(
        running,
        "POST /v1/me/2fa/verify-setup HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        server.demo_token()
    )
    .unwrap();
    assert_eq!(line(&mut BufReader::new(running.try_clone().unwrap())), "HTTP/1.1 100 Continue");
    kill_process(server.pid(), Signal::TERM).unwrap();
    server.wait_for_log("stopping");
    kill_process(server.pid(), Signal::TERM).unwrap();
    let (status, _, log) = server.wait();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("stopping at once"), "{log}");
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

#[test]
fn interrupting_stops_as_well() {
    let home = Home::new();
    let server = home.serve("serve");
    kill_process(server.pid(), Signal::INT).unwrap();
    assert_eq!(server.wait().0.code(), Some(0));
}

#[test]
fn the_log_is_one_json_object_a_line() {
    let home = Home::new();
    let (_, _, log) = home.serve("serve").stop();
    assert!(log.lines().count() >= 2, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{line}");
        }
    }
}

#[tokio::test]
async fn the_log_names_the_request_that_the_answer_names() {
    let home = Home::new();
    let server = home.serve("serve");
    let answer = server.get("/v1/me", &server.demo_token()).await;
    let id = answer.header("x-request-id").unwrap().to_owned();
    let (_, _, log) = server.stop();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["requestId"] == id.as_str()), "{id} is not in {log}");
}
