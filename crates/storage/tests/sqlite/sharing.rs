//! Several handles and processes on one file.

use std::sync::Arc;

use countersign_domain::admission::ports::{ApiKeyStore, OrganizationStore};
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::audit::ports::AuditLog;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Environment;
use countersign_domain::two_factor::ports::FactorStore;
use countersign_storage::{Database, ServerLock, ServerLockError};
use countersign_testkit::arrange;
use countersign_testkit::build::{self, NOW};
use countersign_testkit::contention::{rounds, together};
use diesel::connection::SimpleConnection;

use crate::support::{Files, count};

const WRITERS: usize = 64;

async fn append(database: &Database) -> Result<(), PortFailure> {
    let event = build::event_about_user(&build::subject("alice"), SecurityEvent::Enabled, NOW);
    AuditLog::append(database, event).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_nobody_is_told_that_the_database_is_busy() {
    let files = Files::migrated();
    let database = Arc::new(files.open());
    for _ in 0..rounds() {
        let written = together(WRITERS, |_| {
            let database = database.clone();
            async move { append(&database).await }
        });
        assert!(written.await.iter().all(Result::is_ok));
    }
    assert_eq!(count(&mut files.sql(), "audit_events"), i64::try_from(WRITERS * rounds()).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_can_write_while_a_server_writes() {
    let files = Files::migrated();
    let (server, command) = (Arc::new(files.open()), Arc::new(files.open()));
    for _ in 0..rounds() {
        let written = together(WRITERS, |number| {
            let database = if number.is_multiple_of(2) { server.clone() } else { command.clone() };
            async move { append(&database).await }
        });
        assert!(written.await.iter().all(Result::is_ok));
    }
    assert_eq!(count(&mut files.sql(), "audit_events"), i64::try_from(WRITERS * rounds()).unwrap());
}

#[tokio::test]
async fn what_a_command_stores_is_seen_by_the_server() {
    let files = Files::migrated();
    let (server, command) = (files.open(), files.open());
    let organization = build::organization();
    assert_eq!(OrganizationStore::find(&server, organization.id).await.unwrap(), None);
    arrange::organization(&command, organization.clone()).await;
    assert_eq!(OrganizationStore::find(&server, organization.id).await.unwrap(), Some(organization));
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
    let _lock = ServerLock::acquire(&files.url()).unwrap();
    let (server, command) = (files.open(), files.open());
    append(&server).await.unwrap();
    append(&command).await.unwrap();
    assert!(matches!(ServerLock::acquire(&files.url()), Err(ServerLockError::Held(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_readers_share_few_connections() {
    let files = Files::migrated();
    let database = Arc::new(files.open());
    let key = build::api_key(build::organization().id, Environment::Live).key;
    let found = together(256, |_| {
        let (database, digest) = (database.clone(), key.digest);
        async move { ApiKeyStore::find(&*database, &digest).await }
    });
    assert!(found.await.into_iter().all(|found| found.unwrap().is_none()));
}
