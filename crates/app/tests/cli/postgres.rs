//! What the command line does with PostgreSQL.

use countersign_testkit::services::postgres::PostgresDatabase;
use reqwest::Method;

use crate::support::{Engine, Home};

#[test]
fn waiting_ends_when_the_schema_is_there_and_fails_when_it_does_not_come() {
    let home = Home::new();
    let place = PostgresDatabase::empty();
    let run = |line: &str| home.run(&format!("--database {} {line}", place.url()));
    let late = run("migrate wait --for 0s");
    assert_eq!(late.code, 1, "{late:?}");
    assert!(late.stderr.contains("2026-11-23-000001_plans"), "{late:?}");
    assert!(late.stderr.contains("countersign migrate up"), "{late:?}");
    assert_eq!(run("migrate up").code, 0);
    assert_eq!(run("migrate wait --for 0s").code, 0);
}

#[test]
fn waiting_for_a_database_that_is_not_there_says_so() {
    let home = Home::new();
    let late = home.run("--database postgres://nobody@127.0.0.1:1/none migrate wait --for 0s");
    assert_eq!(late.code, 1);
    assert!(late.stderr.contains("Connection refused"), "{late:?}");
}

#[test]
fn a_password_in_the_url_is_never_shown() {
    let home = Home::new();
    let url = "postgres://nobody:s3cret@127.0.0.1:1/none?sslpassword=s3cret";
    for line in ["doctor", "--output json doctor", "migrate status", "org list", "serve"] {
        let ran =
            home.run_with(&[("COUNTERSIGN_TELEMETRY__FILTER", "trace")], &format!("--database {url} {line}"));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!ran.stdout.contains("s3cret") && !ran.stderr.contains("s3cret"), "{line}: {ran:?}");
    }
}

#[tokio::test]
async fn servers_share_a_database() {
    let home = Home::on(Engine::Postgres);
    let (one, two) = (home.serve("serve"), home.serve("serve"));
    let token = one.demo_token();
    assert_eq!(one.setup(&token).await.status, 200);
    assert_eq!(two.state(&token).await, "pending");
    let findings = home.run("--output json doctor");
    assert_eq!(findings.code, 0, "{findings:?}");
}

#[tokio::test]
async fn a_server_whose_database_cannot_be_written_to_is_not_ready() {
    let home = Home::on(Engine::Postgres);
    let server = home.serve("serve");
    let ready = async || server.call(Method::GET, "/readyz", None, None).await.status.as_u16();
    assert_eq!(ready().await, 200);
    home.database().fail_over_to(false);
    while ready().await != 503 {}
    let found = home.run("--output json doctor");
    assert_eq!(found.code, 1, "{found:?}");
    home.database().fail_over_to(true);
    while ready().await != 200 {}
}
