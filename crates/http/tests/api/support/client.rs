//! A client that writes bytes and reads answers, so that a test can send what no proper client would.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer takes this long; it keeps a test that would hang from hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// With names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The only value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} stands twice");
        value
    }

    /// The names of all headers that begin with one of `prefixes`, sorted.
    pub fn header_names(&self, prefixes: &[&str]) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.retain(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        names.sort_unstable();
        names
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.text()))
    }

    /// The `code` of the error envelope, after the envelope was checked.
    pub fn code(&self) -> String {
        let error = self.json()["error"].clone();
        assert_eq!(error["request_id"].as_str(), self.header("x-request-id"), "{error}");
        error["code"].as_str().unwrap().to_owned()
    }

    /// The problems in the details of the error envelope, each as its field and its code.
    pub fn problems(&self) -> Vec<(String, String)> {
        let details = self.json()["error"]["details"].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pair = |problem: &Value| (text(&problem["field"]), text(&problem["code"]));
        details.as_array().unwrap_or_else(|| panic!("no list: {details}")).iter().map(pair).collect()
    }
}

/// A request in the making.
#[derive(Clone, Debug)]
pub struct Call {
    head: String,
    body: Vec<u8>,
}

impl Call {
    pub fn new(method: &str, target: &str) -> Self {
        Self { head: format!("{method} {target} HTTP/1.1\r\nhost: test\r\n"), body: Vec::new() }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// The call that the product was asked for first, by alice.
    pub fn setup() -> Self {
        Self::post("/v1/me/2fa/setup").token("alice")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head = format!("{}{name}: {value}\r\n", self.head);
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// A body with its length but without its type.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        let length = self.body.len().to_string();
        self.header("content-length", &length)
    }

    pub fn json(self, body: impl AsRef<[u8]>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// A body in one chunk after the other.
    pub fn chunked(mut self, chunks: &[&[u8]]) -> Self {
        self = self.header("transfer-encoding", "chunked");
        for chunk in chunks {
            self.body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            self.body.extend_from_slice(chunk);
            self.body.extend_from_slice(b"\r\n");
        }
        self.body.extend_from_slice(b"0\r\n\r\n");
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n", &self.body].concat()
    }

    /// Sends it on a connection of its own.
    pub async fn send(&self, server: SocketAddr) -> Answer {
        let is_head = self.head.starts_with("HEAD ");
        let mut connection = Connection::open(server).await;
        connection.write(&self.bytes()).await;
        connection.answer_to(is_head).await.expect("an answer")
    }
}

/// A connection on which anything can be written.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub async fn open(server: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(server).await.unwrap(), read: Vec::new() }
    }

    /// Writes; a server that has closed already is no failure.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Sends no more, but still reads.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Ends the connection at once, without the usual farewell.
    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }

    /// Waits, without reading, until the server has given the connection up.
    pub async fn until_closed_unread(&mut self) {
        let closed = async {
            while self.stream.write(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, closed).await.expect("the server still waits");
    }

    /// The next answer; `None` when the server closes the connection instead.
    pub async fn answer(&mut self) -> Option<Answer> {
        self.answer_to(false).await
    }

    pub async fn answer_to(&mut self, is_head: bool) -> Option<Answer> {
        loop {
            if let Some(answer) = self.take_answer(is_head) {
                return Some(answer);
            }
            if !self.read_more().await {
                assert!(self.read.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.read));
                return None;
            }
        }
    }

    async fn read_more(&mut self) -> bool {
        let count =
            timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await.expect("the server is silent");
        count.unwrap_or_else(|error| panic!("the answer was lost: {error}")) > 0
    }

    fn take_answer(&mut self, is_head: bool) -> Option<Answer> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = parsed.parse(&self.read).unwrap() else { return None };
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let headers: Vec<_> = parsed
            .headers
            .iter()
            .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
            .collect();
        let status = parsed.code.unwrap();
        let mut answer = Answer { status, headers, body: Vec::new() };
        let interim = (100..200).contains(&status);
        let length = if is_head || interim { None } else { answer.header("content-length") };
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        if self.read.len() < head + length {
            return None;
        }
        answer.body = self.read[head..head + length].to_vec();
        self.read.drain(..head + length);
        Some(answer)
    }
}
