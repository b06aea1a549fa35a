//! What production refuses, each refusal with what to set.

use std::os::unix::fs::PermissionsExt as _;

use countersign_domain::audit::ports::{AuditLog, AuditQuery};
use countersign_storage::{Database, DatabaseOptions, DatabaseUrl};

use crate::support::Home;

const PRODUCTION: (&str, &str) = ("COUNTERSIGN_MODE", "production");
pub(crate) const COST: (&str, &str) = ("COUNTERSIGN_HASHING__COST", "10");

/// A directory with everything that production needs.
pub(crate) fn ready() -> Home {
    let home = Home::new();
    home.json("keyring generate --file ring.json");
    home.write("secret", "q6Zf0wL2xJm8TnV4rYb1KcHs7UdGpEa9iXo5\n");
    close(&home, "secret");
    home.write(
        "settings.toml",
        "mode = \"production\"\n\
         [server]\nlisten = \"127.0.0.1:0\"\n\
         [database]\nurl = \"sqlite:live.db\"\n\
         [keys]\nfile = \"ring.json\"\n\
         [hashing]\ncost = 10\n\
         [auth]\nissuer = \"https://login.example.com\"\naudience = [\"countersign\"]\nhs256_secret = \"file:secret\"\n",
    );
    home
}

fn close(home: &Home, name: &str) {
    std::fs::set_permissions(home.path().join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn refusal(home: &Home, variables: &[(&str, &str)], line: &str) -> String {
    let ran = home.run_with(&[&[COST], variables].concat(), line);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    ran.stderr
}

#[test]
fn without_configuration_everything_that_is_missing_is_named_at_once() {
    let home = Home::new();
    let listen = ("COUNTERSIGN_SERVER__LISTEN", "0.0.0.0:8080");
    insta::assert_snapshot!(refusal(&home, &[PRODUCTION, listen], "serve"));
    assert!(!home.path().join("countersign-data").exists());
}

#[test]
fn a_store_of_limits_on_another_machine_needs_tls() {
    let home = ready();
    let config = ("COUNTERSIGN_CONFIG", "settings.toml");
    let refused = refusal(&home, &[config, ("COUNTERSIGN_LIMITS__URL", "redis://:hunter2@store")], "serve");
    assert!(refused.contains("limits.url") && refused.contains("rediss://"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[test]
fn what_development_made_up_is_refused() {
    let home = Home::new();
    assert!(home.serve("serve").stop().0.success());
    let made_up = [
        PRODUCTION,
        ("COUNTERSIGN_KEYS__FILE", "countersign-data/development-keyring.json"),
        ("COUNTERSIGN_AUTH__HS256_SECRET", "file:countersign-data/development-token-secret"),
        ("COUNTERSIGN_DATABASE__URL", "sqlite:countersign-data/countersign.db"),
        ("COUNTERSIGN_AUTH__ISSUER", "i"),
        ("COUNTERSIGN_AUTH__AUDIENCE", "a"),
    ];
    insta::assert_snapshot!(refusal(&home, &made_up, "serve"));
}

#[test]
fn a_key_ring_of_development_is_refused_under_any_name() {
    let home = ready();
    home.list("keyring list");
    std::fs::copy(
        home.path().join("countersign-data/development-keyring.json"),
        home.path().join("ring.json"),
    )
    .unwrap();
    let text = refusal(&home, &[], "--config settings.toml serve");
    assert!(text.contains("keys.file: this key ring was made up for development"), "{text}");
}

#[test]
fn short_sample_and_missing_secrets_are_refused_without_being_shown() {
    let home = ready();
    for (secret, says) in [
        ("only-31-bytes-of-randomness-zzz", "32"),
        ("a-string-secret-at-least-256-bits-long", "sample"),
        ("abcdabcdabcdabcdabcdabcdabcdabcdabcd", "repeats"),
    ] {
        let variables = [("THE_SECRET", secret), ("COUNTERSIGN_AUTH__HS256_SECRET", "env:THE_SECRET")];
        let text = refusal(&home, &variables, "--config settings.toml serve");
        assert!(text.contains("auth.hs256_secret") && text.contains(says), "{text}");
        assert!(!text.contains(secret), "{text}");
    }
    let missing = [("COUNTERSIGN_AUTH__HS256_SECRET", "env:NO_SUCH_VARIABLE")];
    assert!(refusal(&home, &missing, "--config settings.toml serve").contains("NO_SUCH_VARIABLE"));
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let home = ready();
    for name in ["secret", "ring.json"] {
        let path = home.path().join(name);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let text = refusal(&home, &[], "--config settings.toml serve");
        assert!(text.contains("chmod 600"), "{text}");
        close(&home, name);
    }
}

#[test]
fn cheap_hashes_and_an_open_bind_are_refused() {
    let home = ready();
    let text = refusal(&home, &[("COUNTERSIGN_HASHING__COST", "9")], "--config settings.toml serve");
    assert!(text.contains("hashing.cost"), "{text}");
    let text = refusal(&home, &[], "--config settings.toml serve --listen 0.0.0.0:0");
    assert!(text.contains("server.trusted_proxies"), "{text}");
}

#[cfg(feature = "postgres")]
#[test]
fn a_database_on_another_machine_needs_tls_that_checks_whose_it_is() {
    let home = ready();
    for parameters in ["", "?sslmode=require"] {
        let url = format!("postgres://ann:s3cret@db.example.com/name{parameters}");
        let text = refusal(&home, &[("COUNTERSIGN_DATABASE__URL", &url)], "--config settings.toml serve");
        assert!(text.contains("sslmode=verify-full") && !text.contains("s3cret"), "{text}");
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_build_without_postgresql_says_how_to_get_one() {
    let home = ready();
    let url = ("COUNTERSIGN_DATABASE__URL", "postgres://ann:s3cret@localhost/name");
    let text = refusal(&home, &[url], "--config settings.toml serve");
    assert!(text.contains("--features postgres") && !text.contains("s3cret"), "{text}");
}

#[test]
fn tables_are_changed_only_when_asked() {
    let home = ready();
    for line in ["serve", "org list"] {
        let text = refusal(&home, &[], &format!("--config settings.toml {line}"));
        assert!(text.contains("countersign migrate up"), "{line}: {text}");
    }
    assert!(!home.path().join("live.db").exists());
}

#[tokio::test]
async fn with_everything_set_it_serves_and_makes_nothing_up() {
    let home = ready();
    let config = "--config settings.toml";
    let cost = [COST];
    assert_eq!(home.run_with(&cost, &format!("{config} migrate up")).code, 0);
    let server = home.serve_with(&cost, &format!("{config} serve"));
    assert!(server.greeting().get("demo").is_none());
    assert_eq!(server.get("/v1/me", "x").await.status, 401);
    let (status, _, log) = server.stop();
    assert!(status.success(), "{log}");
    assert!(!home.path().join("countersign-data").exists());
    assert_eq!(home.run_with(&cost, &format!("{config} org list")).stdout.lines().count(), 1);
}

#[tokio::test]
async fn a_token_is_minted_only_when_that_is_allowed() {
    let home = ready();
    let config = "--config settings.toml --output json";
    let run = |line: &str| home.run_with(&[COST], &format!("{config} {line}"));
    assert_eq!(run("migrate up").code, 0);
    let organization: serde_json::Value = serde_json::from_str(&run("org create --name A").stdout).unwrap();
    let mint = format!("token mint --org {} --user alice", organization["id"].as_str().unwrap());
    let refused = run(&mint);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("--allow-production"), "{}", refused.stderr);
    let allowed = run(&format!("{mint} --allow-production"));
    assert_eq!(allowed.code, 0, "{}", allowed.stderr);
    let minted: serde_json::Value = serde_json::from_str(&allowed.stdout).unwrap();
    let server = home.serve_with(&[COST], "--config settings.toml serve");
    let me = server.get("/v1/me", minted["token"].as_str().unwrap()).await;
    assert_eq!(me.status, 200, "{}", me.text);
    let trail = trail(&home, organization["id"].as_str().unwrap()).await;
    assert_eq!(trail, ["organization.created by operator", "user_token.minted by operator"]);
}

async fn trail(home: &Home, organization: &str) -> Vec<String> {
    let url = DatabaseUrl::parse(&format!("sqlite:{}", home.path().join("live.db").display())).unwrap();
    let database = Database::open(&url, DatabaseOptions::default()).unwrap();
    let records =
        AuditLog::page(&database, AuditQuery::whole(organization.parse().unwrap(), 100)).await.unwrap();
    records.iter().map(|record| format!("{} by {}", record.name, record.actor)).collect()
}
