//! TLS to PostgreSQL: production talks only to a server that proves its name by the authority that is named.

use std::path::Path;

use countersign_testkit::services::authority::Authority;
use countersign_testkit::services::postgres::{PostgresCluster, PostgresDatabase};
use reqwest::Method;

use crate::production::{COST, ready};
use crate::support::Home;

const NAME: &str = "db.example.com";
const LINES: [&str; 4] = ["migrate up", "migrate wait --for 0s", "doctor", "serve"];

/// The server of this machine under another name, which need not be known to any resolver.
fn url(host: &str, port: u16, database: &str, authority: &Path) -> String {
    let parameters = format!("hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={}", authority.display());
    format!("postgres://postgres:s3cret@{host}:{port}/{database}?{parameters}")
}

#[track_caller]
fn assert_refused(home: &Home, url: &str, says: &[&str]) {
    for line in LINES {
        let ran = home.run(&format!("--database {url} {line}"));
        assert_eq!(ran.code, 1, "{line}: {ran:?}");
        let told = ran.stdout + &ran.stderr;
        assert!(says.iter().all(|part| told.contains(part)), "{line}: {told}");
        assert!(!told.contains("s3cret"), "{line}: {told}");
    }
}

#[tokio::test]
async fn production_works_with_a_server_that_proves_its_name() {
    let (home, ours) = (ready(), Authority::new());
    let cluster = PostgresCluster::start_with_tls(&ours.certify(NAME));
    let url = url(NAME, cluster.port(), "postgres", &ours.file());
    let variables = [COST, ("COUNTERSIGN_DATABASE__URL", &url)];
    for line in ["migrate up", "migrate wait --for 0s", "doctor"] {
        let ran = home.run_with(&variables, &format!("--config settings.toml {line}"));
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        assert!(!ran.stdout.contains("s3cret") && !ran.stderr.contains("s3cret"), "{line}: {ran:?}");
    }
    let server = home.serve_with(&variables, "--config settings.toml serve");
    let ready = server.call(Method::GET, "/readyz", None, None).await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let (status, output, log) = server.stop();
    assert!(status.success());
    assert!(!output.contains("s3cret") && !log.contains("s3cret"), "{log}");
}

#[test]
fn a_server_that_proves_nothing_or_another_name_is_refused_with_what_to_set() {
    let (home, ours) = (Home::new(), Authority::new());
    let (theirs, older) = (Authority::named("another"), Authority::new());
    let cluster = PostgresCluster::start_with_tls(&ours.certify(NAME));
    let url = |host: &str, authority: &Path| url(host, cluster.port(), "postgres", authority);
    for (url, says) in [
        (url(NAME, &theirs.file()), ["certificate verify failed", "set `sslrootcert` in database.url"]),
        // As after the authority got a new key.
        (url(NAME, &older.file()), ["SSL error", "set `sslrootcert` in database.url"]),
        (url(NAME, Path::new("missing.pem")), ["missing.pem", "set `sslrootcert` in database.url"]),
        (url("db2.example.com", &ours.file()), ["db2.example.com", "name the server in database.url as its"]),
    ] {
        assert_refused(&home, &url, &says);
    }
}

#[test]
fn a_server_without_tls_is_refused_with_what_to_set() {
    let (home, place, ours) = (Home::new(), PostgresDatabase::empty(), Authority::new());
    let plain = place.url();
    let (address, name) = plain.rsplit_once('/').unwrap();
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    assert_refused(&home, &url(NAME, port, name, &ours.file()), &["`sslmode` in database.url", "`ssl = on`"]);
}
