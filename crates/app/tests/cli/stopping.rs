//! How a server ends.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::{Signal, kill_process};

use crate::support::Home;

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
