//! What was answered survives the sudden death of the process.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::ports::FactorStore;
use countersign_storage::DatabaseUrl;
use countersign_testkit::on_every_engine;
use countersign_testkit::{arrange, build};

use crate::support::{Engine, TestDatabase, open};

on_every_engine!(
    Engine;
    what_was_answered_is_there_after_the_process_was_killed,
    what_was_answered_is_there_after_the_database_was_closed,
);

/// Names the database to a child process that this test starts from its own binary.
const CHILD_DATABASE: &str = "COUNTERSIGN_TEST_CHILD_DATABASE";
const STORED: usize = 20;

async fn what_was_answered_is_there_after_the_process_was_killed(engine: Engine) {
    if let Ok(url) = std::env::var(CHILD_DATABASE) {
        return store_until_killed(&url.parse().unwrap()).await;
    }
    let place = TestDatabase::migrated(engine);
    let module = if engine == Engine::Sqlite { "on_sqlite" } else { "on_postgres" };
    let test = format!("durability::{module}::what_was_answered_is_there_after_the_process_was_killed");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test, "--nocapture"])
        .env(CHILD_DATABASE, place.url().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let answered = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter(|line| line.starts_with("stored "))
        .take(STORED)
        .count();
    // SIGKILL: no destructor runs, nothing is tidied up.
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answered, STORED);
    assert_whole(&place).await;
}

async fn store_until_killed(url: &DatabaseUrl) {
    let database = open(url);
    for number in 0.. {
        let subject = build::subject(&format!("user-{number}"));
        let _ = arrange::enabled(&database, &subject, build::NOW).await;
        println!("\nstored {number}");
    }
}

/// Every factor that was answered is there and enabled, and nothing is half there.
async fn assert_whole(place: &TestDatabase) {
    let database = place.open();
    for number in 0..STORED {
        let subject = build::subject(&format!("user-{number}"));
        let stored = FactorStore::find(&database, &subject).await.unwrap().unwrap();
        assert!(matches!(stored.factor, Factor::Enabled(_)), "{stored:?}");
        assert_eq!(stored.backup_codes.unused(), 10);
    }
    let sets = place.count("backup_code_sets");
    assert_eq!(place.count("backup_codes"), 10 * sets);
    assert_eq!(place.count("factors"), sets);
    if matches!(place, TestDatabase::Sqlite(_)) {
        assert_eq!(place.texts("PRAGMA integrity_check"), ["ok"]);
    }
}

async fn what_was_answered_is_there_after_the_database_was_closed(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = place.open();
    let enabled = arrange::enabled(&database, &build::subject("alice"), build::NOW).await;
    drop(database);
    let stored = FactorStore::find(&place.open(), &build::subject("alice")).await.unwrap().unwrap();
    assert_eq!(stored.factor, Factor::Enabled(enabled));
}
