//! The schema's history.

use std::collections::BTreeSet;
use std::thread;

use countersign_domain::admission::ports::PlanStore;
use countersign_domain::quota::plan::Plan;
use countersign_storage::{ConnectError, Database, DatabaseOptions, OpenError, migrate};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::support::{Files, url_of};

fn open(files: &Files) -> Result<Database, OpenError> {
    Database::open(&files.url(), DatabaseOptions::default())
}

/// Everything that makes the schema, as SQLite keeps it.
fn schema(files: &Files) -> BTreeSet<String> {
    diesel::dsl::sql::<Text>(
        "SELECT name || ': ' || sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
    )
    .load(&mut files.sql())
    .unwrap()
    .into_iter()
    .collect()
}

#[test]
fn every_migration_has_a_way_back_and_can_be_applied_again() {
    let files = Files::empty();
    let applied = migrate::up(&files.url()).unwrap();
    let made = schema(&files);
    for _ in &applied {
        assert_eq!(migrate::down(&files.url(), 1).unwrap().len(), 1);
    }
    let left: Vec<_> =
        schema(&files).into_iter().filter(|name| !name.starts_with("__diesel_schema_migrations")).collect();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(migrate::up(&files.url()).unwrap(), applied);
    assert_eq!(schema(&files), made);
}

#[test]
fn each_step_back_and_forth_gives_the_same_schema() {
    let files = Files::migrated();
    let made = schema(&files);
    for steps in 1..=migrate::status(&files.url()).unwrap().len() {
        let mut reverted = migrate::down(&files.url(), steps).unwrap();
        reverted.reverse();
        assert_eq!(migrate::up(&files.url()).unwrap(), reverted);
        assert_eq!(schema(&files), made);
    }
}

#[test]
fn applying_twice_changes_nothing() {
    let files = Files::migrated();
    assert_eq!(migrate::up(&files.url()).unwrap(), Vec::<String>::new());
}

#[test]
fn going_back_further_than_the_beginning_ends_at_the_beginning() {
    let files = Files::migrated();
    let all = migrate::status(&files.url()).unwrap().len();
    assert_eq!(migrate::down(&files.url(), all + 5).unwrap().len(), all);
    assert!(migrate::status(&files.url()).unwrap().iter().all(|migration| !migration.applied));
}

#[test]
fn processes_that_migrate_at_the_same_time_follow_each_other() {
    let files = Files::empty();
    let url = files.url();
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            thread::spawn(move || migrate::up(&url).unwrap().len())
        })
        .collect();
    let applied: usize = racers.into_iter().map(|racer| racer.join().unwrap()).sum();
    assert_eq!(applied, migrate::status(&url).unwrap().len());
}

#[test]
fn the_status_of_a_missing_database_does_not_make_it() {
    let files = Files::empty();
    let status = migrate::status(&files.url()).unwrap();
    assert!(!status.is_empty() && status.iter().all(|migration| !migration.applied));
    assert_eq!(status[0].id, "2026-11-23-000001_plans");
    assert!(!files.path().exists());
}

#[test]
fn a_missing_database_is_not_opened_and_not_made() {
    let files = Files::empty();
    let refused = open(&files).err().unwrap();
    assert!(matches!(refused, OpenError::Connect(ConnectError::Missing(_))), "{refused:?}");
    assert!(refused.to_string().contains("countersign migrate up"), "{refused}");
    assert!(!files.path().exists());
}

#[test]
fn a_schema_that_is_not_up_to_date_is_refused_with_what_to_do() {
    let files = Files::migrated();
    let reverted = migrate::down(&files.url(), 1).unwrap();
    let refused = open(&files).err().unwrap();
    assert!(refused.to_string().contains("countersign migrate up"), "{refused}");
    assert!(refused.to_string().contains(&reverted[0]), "{refused}");
}

#[test]
fn the_schema_of_a_newer_program_is_accepted() {
    let files = Files::migrated();
    files
        .sql()
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')")
        .unwrap();
    assert!(open(&files).is_ok());
}

#[test]
fn a_migration_of_a_newer_program_is_not_taken_back() {
    let files = Files::migrated();
    files
        .sql()
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')")
        .unwrap();
    assert!(migrate::down(&files.url(), 1).is_err());
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let files = Files::empty();
    std::fs::write(files.path(), "not a database, but long enough to have a header of its own".repeat(40))
        .unwrap();
    assert!(matches!(open(&files).err(), Some(OpenError::Connect(ConnectError::Setup(_)))));
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let refused = migrate::up(&url_of(std::path::Path::new("/nowhere/at/all.db"))).err().unwrap();
    assert!(refused.to_string().contains("/nowhere/at/all.db"), "{refused}");
}

#[tokio::test]
async fn the_built_in_plans_are_there_from_the_start() {
    let files = Files::migrated();
    let database = files.open();
    let mut built_in = Plan::built_in().to_vec();
    built_in.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(PlanStore::list(&database).await.unwrap(), built_in);
}
