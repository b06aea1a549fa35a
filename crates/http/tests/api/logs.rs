//! What the log says of a request, and what it never says.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::support::client::Connection;
use super::support::ports::{Fault, INSIDE};
use super::support::{Answer, Call, World};

/// Everything that is logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn of_this_process() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let lines =
                tracing_subscriber::fmt().json().flatten_event(true).with_max_level(tracing::Level::TRACE);
            lines.with_writer(log.clone()).init();
            log
        })
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines about a request.
    fn about(&self, answer: &Answer) -> Vec<Value> {
        let id = answer.header("x-request-id").unwrap();
        let lines = self.text();
        let parsed = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        parsed.filter(|line| line["requestId"] == id).collect()
    }
}

#[tokio::test]
async fn a_request_leaves_one_line_with_the_pattern_of_its_route() {
    let log = Log::of_this_process();
    let world = World::new().await;
    for (call, route, status, code, organization) in [
        (Call::get("/v1/me?page=CANARY").token("alice"), Value::from("/v1/me"), 200, Value::Null, true),
        (Call::get("/v1/me").token("expired"), Value::from("/v1/me"), 401, "token_expired".into(), false),
        (
            Call::get("/v1/me").token("suspended"),
            Value::from("/v1/me"),
            403,
            "permission_denied".into(),
            true,
        ),
        (Call::get("/CANARY/x?CANARY"), Value::Null, 404, "not_found".into(), false),
        (Call::new("CANARY", "/v1/me"), Value::from("/v1/me"), 405, "method_not_allowed".into(), false),
    ] {
        let answer = world.send(&call).await;
        assert_eq!(answer.status, status);
        let lines = log.about(&answer);
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = &lines[0];
        assert_eq!((&line["level"], &line["message"]), (&"INFO".into(), &"request".into()));
        assert_eq!((&line["route"], &line["status"], &line["code"]), (&route, &status.into(), &code));
        assert_eq!(line["organizationId"].is_string(), organization, "{line}");
        assert!(line["durationMs"].is_number());
    }
    assert!(!log.text().contains("CANARY"));
}

#[tokio::test]
async fn a_head_that_cannot_be_read_leaves_a_line_too() {
    let log = Log::of_this_process();
    let world = World::new().await;
    let mut connection = Connection::open(world.address).await;
    connection.write(b"garbage\r\n\r\n").await;
    let lines = log.about(&connection.answer().await.unwrap());
    assert_eq!((lines.len(), &lines[0]["status"]), (1, &400.into()));
}

#[tokio::test]
async fn the_detail_of_a_fault_is_logged_once() {
    let log = Log::of_this_process();
    let world = World::new().await;
    world.usage.fail(Fault::Corrupt);
    let lines = log.about(&world.send(&Call::setup()).await);
    let details: Vec<_> = lines.iter().filter(|line| line.to_string().contains(INSIDE)).collect();
    assert_eq!((lines.len(), details.len()), (2, 1), "{lines:?}");
    assert_eq!(details[0]["level"], "ERROR");
    assert_eq!(details[0]["error"], format!("stored data is corrupt: {INSIDE}"));
}

#[tokio::test]
async fn no_secret_of_a_set_up_and_no_credential_reaches_the_log() {
    let log = Log::of_this_process();
    let world = World::new().await;
    let setup = world.send(&Call::setup().json(r#"{"account_name":"CANARY-account"}"#)).await.json();
    let verify = r#"{"code":"135790","setup_id":null}"#;
    let calls = [
        Call::post("/v1/me/2fa/verify-setup").token("alice").json(verify),
        Call::post("/v1/me/2fa/verify-setup")
            .token("alice")
            .json(r#"{"code":"CANARY-code","CANARY-field":1}"#),
        Call::get("/v1/me?access_token=CANARY-token"),
        Call::get("/v1/me").token("CANARY-bearer"),
        Call::get("/v1/me").token(&world.api_key),
        Call::get("/healthz").header("x-request-id", "CANARY-id").header("cookie", "CANARY-cookie"),
        Call::setup().json("CANARY-body"),
    ];
    for call in calls {
        world.send(&call).await;
    }
    let text = log.text();
    // A duration may have these digits by chance, but not on their own.
    let digit_before =
        |at: usize| text[..at].ends_with(|before: char| before.is_ascii_digit() || before == '.');
    assert!(text.match_indices("135790").all(|(at, _)| digit_before(at)), "the code is in the log");
    let mut secrets = vec!["CANARY-".to_owned(), world.api_key.clone(), "otpauth".to_owned()];
    secrets.push(setup["secret"].as_str().unwrap().to_owned());
    secrets.extend(
        setup["backup_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()),
    );
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in the log");
    }
}
