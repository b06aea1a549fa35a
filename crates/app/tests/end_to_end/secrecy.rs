//! Nothing secret is left anywhere but in the one answer that shows it.

use std::path::Path;
use std::process::Command;

use countersign_testkit::on_every_engine;
use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use reqwest::Method;
use serde_json::json;

use crate::support::authenticator::code;
use crate::support::{Engine, Home, text};

on_every_engine!(
    Engine;
    no_secret_code_token_or_key_is_stored_logged_or_answered_again,
);

/// A secret in one of the forms in which it could have leaked.
struct Canary {
    name: String,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Canaries(Vec<Canary>);

impl Canaries {
    fn add(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.0.push(Canary { name: name.to_owned(), bytes: bytes.as_ref().to_vec() });
    }

    fn add_in_all_forms(&mut self, name: &str, bytes: &[u8]) {
        self.add(&format!("{name}, raw"), bytes);
        for encoding in [HEXLOWER, HEXUPPER, BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, BASE32_NOPAD] {
            self.add(&format!("{name}, encoded"), encoding.encode(bytes));
        }
    }

    fn found_in(&self, place: &[u8]) -> Vec<&str> {
        let place = one_char_a_byte(place);
        let holds = |canary: &&Canary| place.contains(&one_char_a_byte(&canary.bytes));
        self.0.iter().filter(holds).map(|canary| canary.name.as_str()).collect()
    }

    #[track_caller]
    fn assert_absent(&self, place: &str, bytes: &[u8]) {
        assert_eq!(self.found_in(bytes), Vec::<&str>::new(), "in {place}");
    }
}

/// Texts are searched much faster than slices of bytes are.
fn one_char_a_byte(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// What the database keeps: the files of SQLite, or a dump.
fn stored(home: &Home) -> Vec<(String, Vec<u8>)> {
    match home.database_url() {
        None => database_files(&home.path().join("countersign-data")),
        Some(url) => {
            let dump = Command::new("pg_dump").args(["--dbname", &url]).output().unwrap();
            assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
            vec![("the dump".to_owned(), dump.stdout)]
        }
    }
}

fn database_files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
    let database = named.filter(|(name, _)| name.starts_with("countersign.db"));
    database.map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}

async fn no_secret_code_token_or_key_is_stored_logged_or_answered_again(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve_with(&[("COUNTERSIGN_TELEMETRY__FILTER", "trace")], "serve");
    let (token, organization) = (server.demo_token(), server.demo_organization());
    let made =
        home.run(&format!("--output json api-key create --org {organization} --env live --scope 2fa:read"));
    let made_key: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    let key = text(&made_key["key"]);

    let mut canaries = Canaries::default();
    canaries.add("user token", &token);
    canaries.add("API key", &key);
    // The answer is kept, sealed, because the call has a key.
    let idempotency_key = "canary-2b7c9f4e-idempotency";
    canaries.add("idempotency key", idempotency_key);
    let setup = server.post_once("/v1/me/2fa/setup", &token, idempotency_key, &json!({})).await.body();
    let secret = text(&setup["secret"]);
    canaries.add_in_all_forms("TOTP secret", &BASE32_NOPAD.decode(secret.as_bytes()).unwrap());
    for backup_code in setup["backup_codes"].as_array().unwrap() {
        let backup_code = text(backup_code);
        canaries.add("backup code", &backup_code);
        canaries.add("backup code without dashes", backup_code.replace('-', ""));
        canaries.add("backup code without dashes, small", backup_code.replace('-', "").to_lowercase());
    }
    assert_eq!(
        canaries.found_in(setup.to_string().as_bytes()).len(),
        11,
        "the answer of the set-up holds them"
    );

    let wrong = json!({"code": "000000", "setup_id": setup["setup_id"]});
    let backup_code = json!({"code": setup["backup_codes"][0]});
    let mut answers = vec![
        server.call(Method::POST, "/v1/me/2fa/verify-setup", Some(&token), Some(wrong)).await,
        server.call(Method::POST, "/v1/me/2fa/verify-setup", Some(&token), Some(backup_code)).await,
        server.call(Method::POST, "/v1/me/2fa/setup", Some(&token), Some(json!({"secret": secret}))).await,
        server.verify_setup(&token, &code(&secret)).await,
        server.setup(&token).await,
        server.setup(&format!("{token}x")).await,
        server.setup(&key).await,
        server.setup(&format!("{key}x")).await,
    ];
    for path in ["/v1/me", "/v1/me/2fa", "/readyz", "/nowhere"] {
        answers.push(server.get(path, &token).await);
    }
    assert_eq!(answers[3].status, 200, "{}", answers[3].text);
    for answer in &answers {
        canaries.assert_absent("an answer", format!("{:?} {}", answer.headers, answer.text).as_bytes());
    }

    let before = stored(&home);
    let is_whole = |(name, bytes): &(String, Vec<u8>)| {
        name.ends_with("-wal") || one_char_a_byte(bytes).contains("two_factor.enabled")
    };
    assert!(before.iter().any(is_whole), "the log of the database is looked at, too");
    for (name, bytes) in before {
        canaries.assert_absent(&name, &bytes);
    }
    let (status, output, log) = server.stop();
    assert!(status.success());
    for (name, bytes) in stored(&home) {
        canaries.assert_absent(&name, &bytes);
    }
    assert!(log.contains("requestId"), "the requests are in the log: {log}");
    canaries.assert_absent("the log", log.as_bytes());
    canaries.assert_absent("standard output after the greeting", output.as_bytes());
    canaries.assert_absent("standard error of a command", made.stderr.as_bytes());
    canaries.assert_absent("doctor", home.run("doctor").stdout.as_bytes());
}
