//! Calls that are sent again under their `Idempotency-Key`.

mod bad_keys;
mod kept;
mod names;
mod not_kept;
mod races;
mod wiped;

use std::time::Duration;

use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::secret::TotpSecret;
use countersign_testkit::build::{code_at_instant, wrong_code};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::support::{Answer, Call, World};

/// Whoever calls, and how its paths begin.
#[derive(Clone)]
struct Party {
    token: String,
    prefix: &'static str,
}

impl Party {
    fn alice() -> Self {
        Self { token: "alice".to_owned(), prefix: "/v1/me/2fa" }
    }

    /// The platform, for alice.
    fn platform(world: &World) -> Self {
        Self { token: world.api_key.clone(), prefix: "/v1/users/alice/2fa" }
    }

    fn call(&self, verb: &str, key: &str, body: &Value) -> Call {
        let call = Call::post(&format!("{}/{verb}", self.prefix)).token(&self.token);
        call.header("idempotency-key", key).json(body.to_string())
    }

    async fn post(&self, world: &World, verb: &str, key: &str, body: &Value) -> Answer {
        // No test here is about the rate.
        world.clock.advance(Duration::from_millis(200));
        world.send(&self.call(verb, key, body)).await
    }
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed").is_some_and(|value| value == "true")
}

#[track_caller]
fn assert_repeats(first: &Answer, again: &Answer) {
    assert_eq!(again.status, first.status, "{}", again.text());
    assert_eq!(again.text(), first.text());
    assert!(!is_replayed(first) && is_replayed(again));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "content-type"] {
        assert!(again.header(name).is_some(), "{name}");
    }
    assert_eq!(again.header("cache-control"), Some("no-store"));
}

#[track_caller]
fn assert_conflict(answer: &Answer, reason: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (409, "conflict"), "{}", answer.text());
    assert_eq!(answer.json()["error"]["details"]["reason"], reason);
}

fn secret_of(setup: &Answer) -> TotpSecret {
    assert_eq!(setup.status, 200, "{}", setup.text());
    let bytes = BASE32_NOPAD.decode(setup.json()["secret"].as_str().unwrap().as_bytes()).unwrap();
    TotpSecret::from_bytes(Zeroizing::new(bytes)).unwrap()
}

fn right(world: &World, secret: &TotpSecret) -> Value {
    json!({"code": code_at_instant(secret, world.clock.now())})
}

fn wrong(world: &World, secret: &TotpSecret) -> Value {
    json!({"code": wrong_code(secret, world.clock.now())})
}

/// Turns alice's 2FA on, and lets so much time pass that the next code is a new one.
async fn enrolled(world: &World) -> TotpSecret {
    let alice = Party::alice();
    let secret = secret_of(&alice.post(world, "setup", "enrol-set-up", &json!({})).await);
    let body = right(world, &secret);
    assert_eq!(alice.post(world, "verify-setup", "enrol-confirm", &body).await.status, 200);
    world.clock.advance(Duration::from_mins(1));
    secret
}

async fn state(world: &World) -> String {
    let status = world.send(&Call::get("/v1/me/2fa").token("alice")).await;
    status.json()["state"].as_str().unwrap().to_owned()
}
