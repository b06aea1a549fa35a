//! Calls that are sent again, also to a server that was lost in between.

use countersign_testkit::on_every_engine;
use serde_json::json;

use crate::support::authenticator::{code, next_code};
use crate::support::{Answer, Engine, Home, text};

on_every_engine!(
    Engine;
    an_answer_outlives_the_process_that_gave_it,
);

const SETUP: &str = "/v1/me/2fa/setup";
const VERIFY_SETUP: &str = "/v1/me/2fa/verify-setup";
const VERIFY: &str = "/v1/me/2fa/verify";

#[track_caller]
fn assert_repeats(first: &Answer, again: &Answer) {
    assert_eq!((first.status, again.status), (200.try_into().unwrap(), first.status), "{}", again.text);
    assert_eq!(again.text, first.text);
    assert_eq!(
        (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
        (None, Some("true"))
    );
}

async fn an_answer_outlives_the_process_that_gave_it(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let token = server.demo_token();
    let setup = server.post_once(SETUP, &token, "one", &json!({})).await;
    server.kill();
    let server = home.serve("serve");
    let again = server.post_once(SETUP, &token, "one", &json!({})).await;
    assert_repeats(&setup, &again);

    let secret = text(&again.body()["secret"]);
    let body = json!({"code": code(&secret)});
    let confirmed = server.post_once(VERIFY_SETUP, &token, "two", &body).await;
    let body_of_verify = json!({"code": next_code(&secret)});
    let verified = server.post_once(VERIFY, &token, "three", &body_of_verify).await;
    server.kill();
    let server = home.serve("serve");
    assert_repeats(&confirmed, &server.post_once(VERIFY_SETUP, &token, "two", &body).await);
    assert_repeats(&verified, &server.post_once(VERIFY, &token, "three", &body_of_verify).await);
    // The confirmed set-up is not shown again.
    assert_eq!(server.post_once(SETUP, &token, "one", &json!({})).await.status, 409);
}
