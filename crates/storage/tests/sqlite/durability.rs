//! What was answered survives the sudden death of the process.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::ports::FactorStore;
use countersign_storage::{Database, DatabaseOptions};
use countersign_testkit::{arrange, build};

use crate::support::{Files, count, url_of};

/// Names the database to a child process that this test starts from its own binary.
const CHILD_DATABASE: &str = "COUNTERSIGN_TEST_CHILD_DATABASE";
const STORED: usize = 20;

#[test]
fn what_was_answered_is_there_after_the_process_was_killed() {
    if let Some(path) = std::env::var_os(CHILD_DATABASE) {
        return store_until_killed(path.as_ref());
    }
    let files = Files::migrated();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "durability::what_was_answered_is_there_after_the_process_was_killed",
            "--nocapture",
        ])
        .env(CHILD_DATABASE, files.path())
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
    assert_whole(&files);
}

fn store_until_killed(path: &std::path::Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = Database::open(&url_of(path), DatabaseOptions::default()).unwrap();
        for number in 0.. {
            let subject = build::subject(&format!("user-{number}"));
            let _ = arrange::enabled(&database, &subject, build::NOW).await;
            println!("\nstored {number}");
        }
    });
}

/// Every factor that was answered is there and enabled, and nothing is half there.
fn assert_whole(files: &Files) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = files.open();
    for number in 0..STORED {
        let subject = build::subject(&format!("user-{number}"));
        let stored = runtime.block_on(FactorStore::find(&database, &subject)).unwrap().unwrap();
        assert!(matches!(stored.factor, Factor::Enabled(_)), "{stored:?}");
        assert_eq!(stored.backup_codes.unused(), 10);
    }
    let mut connection = files.sql();
    let sets = count(&mut connection, "backup_code_sets");
    assert_eq!(count(&mut connection, "backup_codes"), 10 * sets);
    assert_eq!(count(&mut connection, "factors"), sets);
    let check: String = diesel::RunQueryDsl::get_result(
        diesel::dsl::sql::<diesel::sql_types::Text>("PRAGMA integrity_check"),
        &mut connection,
    )
    .unwrap();
    assert_eq!(check, "ok");
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_database_was_closed() {
    let files = Files::migrated();
    let database = files.open();
    let enabled = arrange::enabled(&database, &build::subject("alice"), build::NOW).await;
    drop(database);
    let stored = FactorStore::find(&files.open(), &build::subject("alice")).await.unwrap().unwrap();
    assert_eq!(stored.factor, Factor::Enabled(enabled));
}
