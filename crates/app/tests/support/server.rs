//! A server that runs in a process of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Home, text, words};

/// What a process wrote so far.
type Kept = Arc<(Mutex<String>, Condvar)>;

/// A running server. Dropping it ends its process.
pub(crate) struct Server {
    child: Child,
    greeting: Value,
    stdout: Option<JoinHandle<()>>,
    stderr: Option<JoinHandle<()>>,
    output: Kept,
    log: Kept,
    client: reqwest::Client,
}

/// An answer with everything in it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> String {
        text(&self.body()["error"]["code"])
    }
}

impl Home {
    /// Starts a server and waits until it says that it serves.
    pub(crate) fn serve(&self, line: &str) -> Server {
        self.serve_with(&[], line)
    }

    pub(crate) fn serve_with(&self, variables: &[(&str, &str)], line: &str) -> Server {
        let mut command = self.command(words(&format!("--output json {line}")));
        command.envs(variables.iter().copied());
        Server::start(command)
    }
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Kept::default();
        let stderr = keep(child.stderr.take().unwrap(), &log);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let greeting = serde_json::from_str(&line).unwrap_or_else(|_| {
            child.wait().unwrap();
            panic!("the server did not start: {}", log.0.lock().unwrap())
        });
        let output = Kept::default();
        let stdout = keep(stdout, &output);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, greeting, stdout: Some(stdout), stderr: Some(stderr), output, log, client }
    }

    pub(crate) fn greeting(&self) -> &Value {
        &self.greeting
    }

    pub(crate) fn address(&self) -> String {
        text(&self.greeting["address"])
    }

    pub(crate) fn demo_token(&self) -> String {
        text(&self.greeting["demo"]["token"])
    }

    pub(crate) fn demo_organization(&self) -> String {
        text(&self.greeting["demo"]["organization"])
    }

    pub(crate) fn log(&self) -> String {
        self.log.0.lock().unwrap().clone()
    }

    /// Waits until the log holds `text`.
    pub(crate) fn wait_for_log(&self, text: &str) {
        let (log, changed) = &*self.log;
        let missing = |log: &mut String| !log.contains(text);
        drop(changed.wait_while(log.lock().unwrap(), missing).unwrap());
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        self.try_call(method, path, token, body).await.unwrap()
    }

    pub(crate) async fn try_call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.address()));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// Posts under an idempotency key.
    pub(crate) async fn post_once(&self, path: &str, token: &str, key: &str, body: &Value) -> Answer {
        let request = self.client.post(format!("{}{path}", self.address())).bearer_auth(token);
        answer(request.header("Idempotency-Key", key).json(body)).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, Some(token), None).await
    }

    pub(crate) async fn setup(&self, token: &str) -> Answer {
        self.call(Method::POST, "/v1/me/2fa/setup", Some(token), None).await
    }

    pub(crate) async fn verify_setup(&self, token: &str, code: &str) -> Answer {
        let body = serde_json::json!({ "code": code });
        self.call(Method::POST, "/v1/me/2fa/verify-setup", Some(token), Some(body)).await
    }

    pub(crate) async fn state(&self, token: &str) -> String {
        let answer = self.get("/v1/me/2fa", token).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        text(&answer.body()["state"])
    }

    /// Asks it to stop, and waits until it has; what it printed and logged comes back.
    pub(crate) fn stop(self) -> (ExitStatus, String, String) {
        kill_process(self.pid(), Signal::TERM).unwrap();
        self.wait()
    }

    /// Ends it as a loss of power would.
    pub(crate) fn kill(self) -> (ExitStatus, String, String) {
        kill_process(self.pid(), Signal::KILL).unwrap();
        self.wait()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, String) {
        let status = self.child.wait().unwrap();
        self.stdout.take().unwrap().join().unwrap();
        self.stderr.take().unwrap().join().unwrap();
        (status, self.output.0.lock().unwrap().clone(), self.log())
    }
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Answer { status, headers, text: response.text().await? })
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(reader: impl Read + Send + 'static, kept: &Kept) -> JoinHandle<()> {
    let kept = kept.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines() {
            let (text, changed) = &*kept;
            *text.lock().unwrap() += &(line.unwrap() + "\n");
            changed.notify_all();
        }
    })
}
