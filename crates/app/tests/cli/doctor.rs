//! What the doctor finds.

use countersign_testkit::services::authority::Authority;
use countersign_testkit::services::redis::RedisServer;
use serde_json::Value;

use crate::support::{Home, Ran};

fn findings(ran: &Ran) -> Vec<(String, String, String)> {
    let diagnosis: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = diagnosis["findings"].as_array().unwrap().iter();
    findings.map(|one| (text(one, "check"), text(one, "status"), text(one, "remedy"))).collect()
}

fn remedy(ran: &Ran, check: &str, status: &str) -> String {
    let found = findings(ran).into_iter().find(|one| one.0 == check && one.1 == status);
    found.unwrap_or_else(|| panic!("no {check} {status} in {ran:?}")).2
}

#[test]
fn before_the_first_run_it_says_how_to_begin_and_makes_nothing() {
    let home = Home::new();
    let ran = home.run("--output json doctor");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(remedy(&ran, "database", "warning").contains("countersign serve"));
    assert!(remedy(&ran, "keys", "warning").contains("countersign serve"));
    assert!(!home.path().join("countersign-data").exists());
}

#[test]
fn after_the_first_run_everything_is_fine() {
    let home = Home::new();
    let server = home.serve("serve");
    let beside = home.run("--output json doctor");
    assert!(findings(&beside).iter().all(|one| one.1 == "ok"), "{beside:?}");
    assert!(server.stop().0.success());
    let ran = home.run("--output json doctor");
    assert_eq!(ran.code, 0);
    let checks: Vec<_> = findings(&ran).into_iter().map(|one| (one.0, one.1)).collect();
    let ok = |check: &str| (check.to_owned(), "ok".to_owned());
    assert_eq!(checks, [ok("configuration"), ok("database"), ok("keys"), ok("limits"), ok("clock")]);
}

#[test]
fn another_key_ring_than_the_data_needs_is_found_and_stops_the_start() {
    let home = Home::new();
    assert!(home.serve("serve").stop().0.success());
    let ring = home.path().join("countersign-data/development-keyring.json");
    std::fs::remove_file(&ring).unwrap();
    home.json("keyring generate --file countersign-data/development-keyring.json");
    let ran = home.run("--output json doctor");
    assert_eq!(ran.code, 1);
    assert!(remedy(&ran, "keys", "failed").contains("key ring"));
    let refused = home.run("serve");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("set keys.file"), "{}", refused.stderr);
}

#[test]
fn a_damaged_key_ring_is_found() {
    let home = Home::new();
    assert!(home.serve("serve").stop().0.success());
    home.write("countersign-data/development-keyring.json", "{}");
    let ran = home.run("--output json doctor");
    assert_eq!(ran.code, 1);
    assert!(remedy(&ran, "keys", "failed").contains("copy"));
}

#[test]
fn a_database_that_lags_behind_is_found() {
    let home = Home::new();
    home.list("migrate up");
    home.list("migrate down");
    let ran = home.run("--output json doctor");
    assert_eq!(ran.code, 1);
    assert!(remedy(&ran, "database", "failed").contains("countersign migrate up"));
}

#[test]
fn a_file_that_is_no_database_is_found() {
    let home = Home::new();
    home.write(
        "not.db",
        "this is no database, whatever its name says, and it is long enough to be read as a header",
    );
    let ran = home.run("--database sqlite:not.db --output json doctor");
    assert_eq!(ran.code, 1);
    assert!(remedy(&ran, "database", "failed").contains("database.url"));
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_finding_too() {
    let home = Home::new();
    home.write("settings.toml", "[hashing]\ncosts = 4\n");
    let ran = home.run("--config settings.toml --output json doctor");
    assert_eq!(ran.code, 1);
    assert!(remedy(&ran, "configuration", "failed").contains("hashing.cost"));
}

#[test]
fn every_refusal_of_production_is_a_finding() {
    let home = Home::new();
    let ran = home.run_with(&[("COUNTERSIGN_MODE", "production")], "--output json doctor");
    assert_eq!(ran.code, 1);
    let failed = findings(&ran).iter().filter(|one| one.0 == "configuration" && one.1 == "failed").count();
    assert!(failed >= 5, "{ran:?}");
}

#[test]
fn public_keys_that_cannot_be_used_are_found_before_they_stop_the_start() {
    let home = Home::new();
    home.write("keys.json", r#"{"keys": []}"#);
    for (setting, file) in [("JWKS_FILE", "keys.json"), ("PUBLIC_KEY_FILE", "absent.pem")] {
        let setting = format!("COUNTERSIGN_AUTH__{setting}");
        let ran = home.run_with(&[(&setting, file)], "--output json doctor");
        assert_eq!(ran.code, 1);
        assert!(remedy(&ran, "public keys", "failed").contains("Ed25519"));
        assert_eq!(home.run_with(&[(&setting, file)], "serve").code, 1);
    }
}

#[test]
fn no_secret_is_shown() {
    let home = Home::new();
    let secret = "q6Zf0wL2xJm8TnV4rYb1KcHs7UdGpEa9iXo5";
    let variables = [("THE_SECRET", secret), ("COUNTERSIGN_AUTH__HS256_SECRET", "env:THE_SECRET")];
    for format in ["human", "json"] {
        let ran = home.run_with(&variables, &format!("--output {format} doctor"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("env:THE_SECRET"));
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret));
    }
}

#[test]
fn a_store_of_limits_is_asked_and_its_password_is_not_shown() {
    let home = Home::new();
    let redis = RedisServer::start_with(&["--requirepass", "hunter2"]);
    let limits = |url: &str| home.run_with(&[("COUNTERSIGN_LIMITS__URL", url)], "--output json doctor");
    let url = |login: &str| format!("redis://{login}127.0.0.1:{}", redis.port());
    let found = limits(&url(":hunter2@"));
    assert_eq!(found.code, 0, "{found:?}");
    assert_eq!(remedy(&found, "limits", "ok"), "");
    assert!(!found.stdout.contains("hunter2") && found.stdout.contains("redis://***@127.0.0.1"), "{found:?}");
    let refused = limits(&url(":wrong@"));
    assert_eq!(refused.code, 1);
    assert!(remedy(&refused, "limits", "failed").contains("limits.url"));
    assert!(!refused.stdout.contains("wrong@"), "{refused:?}");
}

#[test]
fn a_store_of_limits_must_be_certified_by_the_named_authority() {
    let home = Home::new();
    let (right, wrong) = (Authority::new(), Authority::new());
    let redis = RedisServer::start_with_tls(&right, "127.0.0.1");
    let trusting = |authority: &Authority| {
        let file = authority.file();
        let variables = [
            ("COUNTERSIGN_LIMITS__URL", &*redis.url()),
            ("COUNTERSIGN_LIMITS__CA_FILE", file.to_str().unwrap()),
        ];
        home.run_with(&variables, "--output json doctor")
    };
    let found = trusting(&right);
    assert_eq!(found.code, 0, "{found:?}");
    assert_eq!(remedy(&found, "limits", "ok"), "");
    let refused = trusting(&wrong);
    assert_eq!(refused.code, 1);
    assert!(refused.stdout.contains("certificate"), "{refused:?}");
    assert!(remedy(&refused, "limits", "failed").contains("limits.ca_file"));
}
