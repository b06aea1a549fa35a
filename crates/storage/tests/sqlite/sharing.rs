//! Several handles and processes on one file.

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::audit::ports::AuditLog;
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::ports::FactorStore;
use countersign_storage::{Database, ServerLock, ServerLockError};
use countersign_testkit::build::{self, NOW};
use diesel::connection::SimpleConnection;

use crate::support::{Files, count};

async fn append(database: &Database) -> Result<(), PortFailure> {
    let event = build::event_about_user(&build::subject("alice"), SecurityEvent::Enabled, NOW);
    AuditLog::append(database, event).await
}

#[tokio::test]
async fn readers_are_not_held_up_by_a_writer() {
    let files = Files::migrated();
    let database = files.open();
    let mut other = files.sql();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    assert_eq!(FactorStore::find(&database, &build::subject("alice")).await.unwrap(), None);
    other.batch_execute("ROLLBACK").unwrap();
}

#[tokio::test]
async fn a_write_lock_that_is_held_too_long_makes_writes_unavailable_until_it_is_released() {
    let files = Files::migrated();
    let database = files.open();
    let mut other = files.sql();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = append(&database).await;
    assert!(matches!(refused, Err(PortFailure::Unavailable(_))), "{refused:?}");
    other.batch_execute("ROLLBACK").unwrap();
    append(&database).await.unwrap();
    assert_eq!(count(&mut files.sql(), "audit_events"), 1);
}

#[tokio::test]
async fn commands_work_beside_a_server_and_a_second_server_does_not() {
    let files = Files::migrated();
    let _lock = ServerLock::acquire(&files.url()).unwrap().unwrap();
    let (server, command) = (files.open(), files.open());
    append(&server).await.unwrap();
    append(&command).await.unwrap();
    assert!(matches!(ServerLock::acquire(&files.url()), Err(ServerLockError::Held(_))));
}
