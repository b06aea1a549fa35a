//! Codes that are presented to an enabled factor.

use std::time::Duration;

use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::secret::TotpSecret;
use countersign_testkit::build::{code_at_instant, wrong_code};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::support::{Answer, Call, World};

/// A user whose 2FA is on.
struct Enrolled {
    world: World,
    secret: TotpSecret,
    backup_codes: Vec<String>,
}

impl Enrolled {
    async fn new() -> Self {
        let world = World::new().await;
        let setup = world.send(&Call::setup()).await.json();
        let bytes = BASE32_NOPAD.decode(setup["secret"].as_str().unwrap().as_bytes()).unwrap();
        let secret = TotpSecret::from_bytes(Zeroizing::new(bytes)).unwrap();
        let backup_codes = setup["backup_codes"].as_array().unwrap().iter().map(text).collect();
        let enrolled = Self { world, secret, backup_codes };
        let confirmed = enrolled.post("verify-setup", &json!({"code": enrolled.code()})).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        enrolled.later();
        enrolled
    }

    /// So much later that the next code is a new one.
    fn later(&self) {
        self.world.clock.advance(Duration::from_mins(1));
    }

    fn code(&self) -> String {
        code_at_instant(&self.secret, self.world.clock.now())
    }

    fn wrong(&self) -> String {
        wrong_code(&self.secret, self.world.clock.now())
    }

    async fn post(&self, verb: &str, body: &Value) -> Answer {
        let call = Call::post(&format!("/v1/me/2fa/{verb}")).token("alice").json(body.to_string());
        self.world.send(&call).await
    }

    async fn status(&self) -> Value {
        self.world.send(&Call::get("/v1/me/2fa").token("alice")).await.json()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn attempts_left(answer: &Answer) -> Value {
    assert_eq!((answer.status, answer.code().as_str()), (422, "invalid_code"), "{}", answer.text());
    answer.json()["error"]["details"]["attempts_left"].clone()
}

#[tokio::test]
async fn a_code_proves_the_factor_once() {
    let alice = Enrolled::new().await;
    let body = json!({"code": alice.code(), "purpose": "payment", "txn": "sha-256:abc"});
    let verified = alice.post("verify", &body).await;
    assert_eq!(verified.status, 200, "{}", verified.text());
    assert_eq!(verified.json()["method"], "totp");
    assert_eq!(verified.json()["backup_codes_remaining"], 10);
    let assertion = text(&verified.json()["assertion"]);
    assert!(assertion.contains("payment") && assertion.contains("sha-256:abc"), "{assertion}");
    assert_eq!(attempts_left(&alice.post("verify", &body).await), 4);
}

#[tokio::test]
async fn wrong_used_and_expired_codes_look_alike() {
    let alice = Enrolled::new().await;
    let expired = alice.code();
    alice.later();
    let used = alice.code();
    assert_eq!(alice.post("verify", &json!({"code": used})).await.status, 200);
    for code in [used, expired, alice.wrong()] {
        alice.later();
        assert_eq!(alice.post("verify", &json!({"code": alice.code()})).await.status, 200);
        let mut refused = alice.post("verify", &json!({"code": code})).await.json();
        refused["error"]["request_id"].take();
        let expected = json!({"error": {
            "code": "invalid_code",
            "type": "validation",
            "message": "the code is not valid",
            "request_id": null,
            "details": {"attempts_left": 4},
            "documentation_url": "https://docs.test/errors#invalid_code",
        }});
        assert_eq!(refused, expected);
    }
}

#[tokio::test]
async fn five_wrong_codes_lock_and_the_lock_says_until_when() {
    let alice = Enrolled::new().await;
    for left in [4, 3, 2, 1, 0] {
        assert_eq!(attempts_left(&alice.post("verify", &json!({"code": alice.wrong()})).await), left);
    }
    let until = alice.world.clock.now().saturating_add(Duration::from_mins(1)).to_string();
    for (verb, code) in [("verify", alice.code()), ("disable", alice.wrong()), ("backup-codes", alice.code())]
    {
        let locked = alice.post(verb, &json!({"code": code})).await;
        assert_eq!((locked.status, locked.code().as_str()), (423, "factor_locked"), "{verb}");
        assert_eq!(locked.json()["error"]["details"], json!({"locked_until": until}));
        assert_eq!(locked.json()["error"]["type"], "locked");
        assert_eq!(locked.header("retry-after"), None);
    }
    assert_eq!(alice.status().await["locked_until"], until);
    alice.later();
    assert_eq!(alice.status().await["locked_until"], Value::Null);
    assert_eq!(alice.post("verify", &json!({"code": alice.code()})).await.status, 200);
}

#[tokio::test]
async fn a_backup_code_works_once_in_any_spelling_and_while_totp_is_locked() {
    let alice = Enrolled::new().await;
    for _ in 0..5 {
        alice.post("verify", &json!({"code": alice.wrong()})).await;
    }
    let sloppy = alice.backup_codes[0].to_lowercase().replace('-', " ");
    let verified = alice.post("verify", &json!({"code": sloppy})).await;
    assert_eq!(verified.status, 200, "{}", verified.text());
    assert_eq!(verified.json()["method"], "backup_code");
    assert_eq!(verified.json()["backup_codes_remaining"], 9);
    assert_eq!(alice.status().await["backup_codes_remaining"], 9);
    let again = alice.post("verify", &json!({"code": alice.backup_codes[0]})).await;
    assert_eq!(attempts_left(&again), 9);
}

#[tokio::test]
async fn new_backup_codes_take_the_place_of_the_old_ones() {
    let alice = Enrolled::new().await;
    let answer = alice.post("backup-codes", &json!({"code": alice.code()})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let new: Vec<_> = answer.json()["backup_codes"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(new.len(), 10);
    assert_eq!(attempts_left(&alice.post("verify", &json!({"code": alice.backup_codes[3]})).await), 9);
    assert_eq!(alice.post("verify", &json!({"code": new[3]})).await.status, 200);
    let with_backup_code = alice.post("backup-codes", &json!({"code": new[4]})).await;
    assert_eq!(with_backup_code.problems(), [("/code".to_owned(), "not_acceptable".to_owned())]);
}

#[tokio::test]
async fn a_code_turns_2fa_off() {
    let alice = Enrolled::new().await;
    assert_eq!(attempts_left(&alice.post("disable", &json!({"code": alice.wrong()})).await), 4);
    let disabled = alice.post("disable", &json!({"code": alice.code()})).await;
    assert_eq!((disabled.status, &disabled.json()["state"]), (200, &json!("disabled")));
    for verb in ["verify", "disable", "backup-codes"] {
        let refused = alice.post(verb, &json!({"code": alice.code()})).await;
        assert_eq!(refused.json()["error"]["details"]["reason"], "not_enabled", "{verb}");
    }
    assert_eq!(alice.world.send(&Call::setup()).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_a_code_is_refused_without_an_attempt() {
    let alice = Enrolled::new().await;
    let not_text = ["123456", "null", "[\"000000\",\"000001\"]", "{}", "true"];
    let no_code = [
        "",
        "12345",
        "123456789",
        "+12345",
        " 12345",
        "12345\\n",
        "1_2345",
        "0x1234",
        "1e5000",
        "\\u0661\\u0662\\u0663\\u0664\\u0665\\u0666",
        "\\uff11\\uff12\\uff13\\uff14\\uff15\\uff16",
        "12345\\u0000",
        "7-K4QF-9XMA-2HTC-V6PD-0",
        "A-K4QF-9XMA-2HTC-V6PD-R",
        "7-K4QF-9XMA-2HTC-V6PD",
    ];
    let bodies = not_text.iter().map(|value| format!("{{\"code\":{value}}}"));
    for body in bodies.chain(no_code.iter().map(|text| format!("{{\"code\":\"{text}\"}}"))) {
        for verb in ["verify", "disable", "backup-codes"] {
            // So that the organization's bucket never runs dry.
            alice.later();
            let call = Call::post(&format!("/v1/me/2fa/{verb}")).token("alice").json(&body);
            let answer = alice.world.send(&call).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{verb} {body}");
            assert_eq!(answer.problems()[0].0, "/code", "{verb} {body}");
        }
    }
    for unknown in
        [json!({"code": "123456", "type": "totp"}), json!({"code": "123456", "totp": "1", "backup": "2"})]
    {
        assert_eq!(alice.post("verify", &unknown).await.status, 422);
    }
    assert_eq!(attempts_left(&alice.post("verify", &json!({"code": alice.wrong()})).await), 4);
}

#[tokio::test]
async fn the_keys_of_assertions_are_public() {
    let world = World::new().await;
    let answer = world.send(&Call::get("/.well-known/jwks.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwk-set+json")));
    assert_eq!(answer.json(), json!({"keys": []}));
}
