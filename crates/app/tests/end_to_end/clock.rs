//! A clock that is set while the service runs. libfaketime stands between the server and the operating system.

use std::time::Duration;

use countersign_testkit::on_every_engine;
use reqwest::Method;
use serde_json::json;

use crate::support::authenticator::{code, next_code};
use crate::support::{Engine, Home, Server, text};

on_every_engine!(
    Engine;
    while_the_clock_jumps_no_code_is_looked_at_and_none_is_spent,
);

const LIBRARY: &str = "faketime/libfaketime.so.1";

/// The library; its folder is named after the architecture.
fn library() -> String {
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let found = folders.map(|folder| folder.join(LIBRARY)).find(|path| path.exists());
    found.expect("libfaketime is needed; install it: apt-get install faketime").display().to_string()
}

/// A server whose clock is off by what the file says; its monotonic clock is left alone.
fn serve(home: &Home) -> Server {
    home.write("offset", "+0");
    let file = home.path().join("offset").display().to_string();
    let variables = [
        ("LD_PRELOAD", library()),
        ("FAKETIME_TIMESTAMP_FILE", file),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    home.serve_with(&variables, "serve")
}

async fn verify(server: &Server, token: &str, code: &str) -> reqwest::StatusCode {
    let body = Some(json!({ "code": code }));
    server.call(Method::POST, "/v1/me/2fa/verify", Some(token), body).await.status
}

async fn while_the_clock_jumps_no_code_is_looked_at_and_none_is_spent(engine: Engine) {
    let home = Home::on(engine);
    let server = serve(&home);
    let token = server.demo_token();
    let setup = server.setup(&token).await;
    let secret = text(&setup.body()["secret"]);
    let backup_code = text(&setup.body()["backup_codes"][0]);
    assert_eq!(server.verify_setup(&token, &code(&secret)).await.status, 200);

    // No further than the user's token lives.
    home.write("offset", "+120s");
    for presented in [next_code(&secret), backup_code.clone()] {
        assert_eq!(verify(&server, &token, &presented).await, 503);
    }
    let ready = server.call(Method::GET, "/readyz", None, None).await;
    assert_eq!(ready.status, 503, "{}", ready.text);
    assert!(ready.text.contains(r#"{"name":"clock","status":"unavailable"}"#), "{}", ready.text);
    server.wait_for_log("the clock jumped");

    home.write("offset", "+0");
    assert_eq!(verify(&server, &token, &next_code(&secret)).await, 503, "back again is a jump as well");
    // It settles within half a minute after the last jump; neither code was spent or charged.
    let mut waited = Duration::ZERO;
    while server.call(Method::GET, "/readyz", None, None).await.status != 200 {
        assert!(waited < Duration::from_mins(1), "{}", server.log());
        tokio::time::sleep(Duration::from_secs(1)).await;
        waited += Duration::from_secs(1);
    }
    assert_eq!(verify(&server, &token, &backup_code).await, 200);
}
