//! Files that are missing or no database.

use countersign_storage::{ConnectError, Database, DatabaseOptions, OpenError, migrate};

use crate::support::{Files, url_of};

fn open(files: &Files) -> Result<Database, OpenError> {
    Database::open(&files.url(), DatabaseOptions::default())
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
