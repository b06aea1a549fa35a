//! Keys are exchanged while requests go on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use countersign_testkit::on_every_engine;
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::authenticator::{code, next_code};
use crate::support::{Answer, Engine, Home, Server, overwrite, text};

on_every_engine!(
    Engine;
    every_key_is_rotated_while_requests_go_on_and_none_fails,
    a_resealing_that_is_killed_goes_on_with_what_is_left,
    a_server_without_the_key_says_503_and_never_wrong_code_and_hears_sighup,
    a_ring_that_cannot_be_used_is_logged_and_the_one_before_stays,
    a_row_that_cannot_be_opened_is_named_and_the_others_are_sealed_anew,
);

/// The platform, with a key that may do everything with factors.
#[derive(Clone)]
struct Platform {
    server: Arc<Server>,
    key: String,
}

impl Platform {
    fn new(home: &Home, server: Arc<Server>) -> Self {
        let scopes = "--scope 2fa:read --scope 2fa:verify --scope 2fa:manage --scope 2fa:reset";
        let organization = server.demo_organization();
        let made = home.json(&format!("api-key create --org {organization} --env live {scopes}"));
        Self { server, key: text(&made["key"]) }
    }

    async fn post(&self, user: &str, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/v1/users/{user}/2fa/{path}");
        self.server.call(Method::POST, &path, Some(&self.key), body).await
    }

    async fn setup(&self, user: &str) -> Value {
        let setup = self.post(user, "setup", None).await;
        assert_eq!(setup.status, 200, "{user}: {}", setup.text);
        setup.body()
    }

    async fn confirm(&self, user: &str, secret: &str) {
        let confirmed = self.post(user, "verify-setup", Some(json!({"code": code(secret)}))).await;
        assert_eq!(confirmed.status, 200, "{user}: {}", confirmed.text);
    }

    /// Proves the factor with `code`; the assertion comes back.
    async fn verify(&self, user: &str, code: &str) -> String {
        let verified = self.post(user, "verify", Some(json!({"code": code}))).await;
        assert_eq!(verified.status, 200, "{user}: {}", verified.text);
        text(&verified.body()["assertion"])
    }

    async fn key_set(&self) -> jsonwebtoken::jwk::JwkSet {
        let answer = self.server.call(Method::GET, "/.well-known/jwks.json", None, None).await;
        serde_json::from_str(&answer.text).unwrap()
    }

    /// Whether a receiver that fetches the keys now accepts the assertion.
    async fn is_accepted(&self, assertion: &str) -> bool {
        let kid = jsonwebtoken::decode_header(assertion).unwrap().kid.unwrap();
        let keys = self.key_set().await;
        let Some(key) = keys.find(&kid) else { return false };
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
        rules.set_audience(&[self.server.demo_organization()]);
        let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
        jsonwebtoken::decode::<Value>(assertion, &key, &rules).is_ok()
    }

    /// Lets the server take the ring that is in the file, which has so many keys of assertions.
    async fn take_ring(&self, keys: usize) {
        kill_process(self.server.pid(), Signal::HUP).unwrap();
        while self.key_set().await.keys.len() != keys {}
    }

    /// A life of a factor that needs every kind of key, and must never see a fault.
    async fn live(&self, user: &str) {
        let setup = self.setup(user).await;
        let secret = text(&setup["secret"]);
        self.confirm(user, &secret).await;
        let assertion = self.verify(user, &next_code(&secret)).await;
        assert!(self.is_accepted(&assertion).await, "{user}");
        let _ = self.verify(user, &text(&setup["backup_codes"][3])).await;
    }
}

fn ring_file(home: &Home) -> PathBuf {
    home.path().join("countersign-data/development-keyring.json")
}

/// What `keyring list` shows: the state and the rows of each key of a purpose.
fn keys(home: &Home, purpose: &str) -> BTreeMap<u64, (String, Option<u64>)> {
    let keys = home.list("keyring list").into_iter().filter(|key| key["purpose"] == purpose);
    keys.map(|key| (key["key"].as_u64().unwrap(), (text(&key["state"]), key["rows"].as_u64()))).collect()
}

/// Makes it long ago that keys were replaced.
fn age(home: &Home) {
    let mut ring: Value = serde_json::from_slice(&std::fs::read(ring_file(home)).unwrap()).unwrap();
    for section in ["sealing", "pepper", "assertion_signing"] {
        for key in ring[section]["keys"].as_array_mut().unwrap() {
            if key.get("replaced_at").is_some() {
                key["replaced_at"] = json!("2026-01-01T00:00:00Z");
            }
        }
    }
    std::fs::write(ring_file(home), ring.to_string()).unwrap();
    settle(home);
}

/// Makes the last change of the ring long ago, so that nobody waits for servers.
fn settle(home: &Home) {
    let file = std::fs::File::options().append(true).open(ring_file(home)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
}

fn refused(home: &Home, line: &str, says: &[&str]) {
    let ran = home.run(line);
    assert_eq!(ran.code, 1, "{line}: {}", ran.stdout);
    for part in says {
        assert!(ran.stderr.contains(part), "{line}: {}", ran.stderr);
    }
}

async fn every_key_is_rotated_while_requests_go_on_and_none_fails(engine: Engine) {
    let home = Arc::new(Home::on(engine));
    // The load goes as fast as the machine does; the organization's bucket is no part of this.
    home.json(
        "plan set scale --requests-per-second 50000 --burst 50000 --turns unlimited --relationships unlimited",
    );
    let platform = Platform::new(&home, Arc::new(home.serve("serve")));
    let mut before = Vec::new();
    for number in 0..4 {
        let user = format!("before-{number}");
        let setup = platform.setup(&user).await;
        platform.confirm(&user, &text(&setup["secret"])).await;
        before.push((user, setup));
    }
    let over = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn({
        let (platform, over) = (platform.clone(), over.clone());
        async move {
            let mut lives = 0;
            while !over.load(Ordering::Relaxed) {
                platform.live(&format!("meanwhile-{lives}")).await;
                lives += 1;
            }
            lives
        }
    });
    let rotated = {
        let home = home.clone();
        tokio::task::spawn_blocking(move || {
            for purpose in ["sealing", "pepper", "assertion-signing"] {
                home.list(&format!("keyring add --purpose {purpose}"));
            }
            for purpose in ["sealing", "pepper", "assertion-signing"] {
                home.list(&format!("keyring promote --purpose {purpose} --key 2"));
            }
            home.json("keyring reseal")
        })
    };
    let resealed = rotated.await.unwrap();
    assert_eq!(resealed["refused"], 0);
    assert!(resealed["resealed"].as_u64().unwrap() >= 4, "{resealed}");
    assert_eq!(keys(&home, "sealing")[&1], ("replaced".to_owned(), Some(0)));
    // Who was there before goes on: with the code, and with the backup code behind the older pepper.
    for (user, setup) in &before {
        let assertion = platform.verify(user, &next_code(&text(&setup["secret"]))).await;
        assert!(platform.is_accepted(&assertion).await);
        let _ = platform.verify(user, &text(&setup["backup_codes"][0])).await;
    }
    over.store(true, Ordering::Relaxed);
    assert!(load.await.unwrap() > 0);

    refused(&home, "keyring retire --purpose sealing --key 1", &["is needed until"]);
    refused(&home, "keyring retire --purpose assertion-signing --key 1", &["is needed until"]);
    age(&home);
    home.list("keyring retire --purpose sealing --key 1");
    home.list("keyring retire --purpose assertion-signing --key 1");
    refused(&home, "keyring retire --purpose pepper --key 1", &["rows depend on it", "new ones"]);
    refused(&home, "keyring retire --purpose sealing --key 2", &["promote another key first"]);
    platform.live("after").await;
    assert_eq!(keys(&home, "sealing").keys().collect::<Vec<_>>(), [&2]);
    assert_eq!(platform.key_set().await.keys.len(), 1);
    // A number is never used again.
    home.list("keyring add --purpose sealing");
    assert_eq!(keys(&home, "sealing").keys().collect::<Vec<_>>(), [&2, &3]);
}

async fn a_resealing_that_is_killed_goes_on_with_what_is_left(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let mut users = Vec::new();
    for _ in 0..12 {
        // Each organization is a transaction of its own.
        let token = home.token(&home.organization("scale"), "alice");
        let secret = text(&server.setup(&token).await.body()["secret"]);
        users.push((token, secret));
    }
    home.list("keyring add --purpose sealing");
    home.list("keyring promote --purpose sealing --key 2");
    settle(&home);
    let left = || keys(&home, "sealing")[&1].1.unwrap();
    for wait in [0, 10, 20, 30, 40, 50, 60] {
        let mut command = home.command(["keyring", "reseal"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let _ = kill_process(Pid::from_child(&child), Signal::KILL);
        child.wait().unwrap();
    }
    let resealed = home.json("keyring reseal");
    assert_eq!(resealed["refused"], 0);
    assert_eq!(left(), 0);
    for (token, secret) in &users {
        let verified = server.verify_setup(token, &code(secret)).await;
        assert_eq!(verified.status, 200, "{}", verified.text);
    }
}

async fn a_server_without_the_key_says_503_and_never_wrong_code_and_hears_sighup(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let platform = Platform::new(&home, Arc::new(server));
    let setup = platform.setup("erin").await;
    let secret = text(&setup["secret"]);
    let (here, there) = (ring_file(&home), home.path().join("other-ring.json"));
    std::fs::copy(&here, home.path().join("older-ring.json")).unwrap();
    // Another node has a ring with other keys, and works with it on the same data.
    for purpose in ["sealing", "assertion-signing"] {
        home.list(&format!("keyring add --purpose {purpose}"));
        settle(&home);
    }
    home.list("keyring promote --purpose sealing --key 2");
    settle(&home);
    std::fs::rename(&here, &there).unwrap();
    std::fs::rename(home.path().join("older-ring.json"), &here).unwrap();
    platform.take_ring(1).await;
    let other_node = [("COUNTERSIGN_KEYS__FILE", "other-ring.json")];
    let ran = home.run_with(&other_node, "--output json keyring reseal");
    assert_eq!(ran.code, 0, "{}", ran.stderr);

    let wrong = platform.post("erin", "verify-setup", Some(json!({"code": code(&secret)}))).await;
    assert_eq!(wrong.status, 503, "{}", wrong.text);
    let ready = platform.server.call(Method::GET, "/readyz", None, None).await;
    assert_eq!(ready.status, 503, "{}", ready.text);
    // It gets the ring of the other node.
    std::fs::copy(&there, &here).unwrap();
    platform.take_ring(2).await;
    platform.confirm("erin", &secret).await;
}

async fn a_ring_that_cannot_be_used_is_logged_and_the_one_before_stays(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let token = server.demo_token();
    let secret = text(&server.setup(&token).await.body()["secret"]);
    home.write("countersign-data/development-keyring.json", "{}");
    server.wait_for_log("the changed key ring cannot be used");
    assert_eq!(server.verify_setup(&token, &code(&secret)).await.status, 200);
}

async fn a_row_that_cannot_be_opened_is_named_and_the_others_are_sealed_anew(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let platform = Platform::new(&home, Arc::new(server));
    for user in ["alice", "broken-1", "carol"] {
        platform.setup(user).await;
    }
    let Platform { server, .. } = platform;
    Arc::into_inner(server).unwrap().stop();
    misplace_a_secret(&home);
    home.list("keyring add --purpose sealing");
    settle(&home);
    home.list("keyring promote --purpose sealing --key 2");
    settle(&home);
    let ran = home.run("--output json keyring reseal");
    assert_eq!((ran.code, ran.stdout.trim()), (3, "{\"resealed\":2,\"refused\":1}"), "{}", ran.stderr);
    assert!(ran.stderr.contains("user broken-2: "), "{}", ran.stderr);
    refused(&home, "keyring retire --purpose sealing --key 1", &["until"]);
    age(&home);
    refused(&home, "keyring retire --purpose sealing --key 1", &["1 stored rows", "keyring reseal"]);
}

/// Gives the sealed secret of `broken-1` to `broken-2`; nothing that is sealed opens in another place.
fn misplace_a_secret(home: &Home) {
    #[cfg(feature = "postgres")]
    if home.database_url().is_some() {
        let rename = "UPDATE factors SET user_id = 'broken-2' WHERE user_id = 'broken-1'";
        home.database().sql(&format!("SET session_replication_role = replica; {rename}"));
        return;
    }
    overwrite(home, "broken-1", "broken-2");
}
