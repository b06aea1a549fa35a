//! Several handles on one database.

use std::sync::Arc;

use countersign_domain::admission::ports::{ApiKeyStore, OrganizationStore};
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::audit::ports::AuditLog;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Environment;
use countersign_storage::Database;
use countersign_testkit::arrange;
use countersign_testkit::build::{self, NOW};
use countersign_testkit::contention::{rounds, together};
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    of_many_writers_nobody_is_told_that_the_database_is_busy,
    a_command_can_write_while_a_server_writes,
    what_a_command_stores_is_seen_by_the_server,
    many_readers_share_few_connections,
);

const WRITERS: usize = 64;

async fn append(database: &Database) -> Result<(), PortFailure> {
    let event = build::event_about_user(&build::subject("alice"), SecurityEvent::Enabled, NOW);
    AuditLog::append(database, event).await
}

async fn of_many_writers_nobody_is_told_that_the_database_is_busy(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = Arc::new(place.open());
    for _ in 0..rounds() {
        let written = together(WRITERS, |_| {
            let database = database.clone();
            async move { append(&database).await }
        });
        assert!(written.await.iter().all(Result::is_ok));
    }
    assert_eq!(place.count("audit_events"), i64::try_from(WRITERS * rounds()).unwrap());
}

async fn a_command_can_write_while_a_server_writes(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let (server, command) = (Arc::new(place.open()), Arc::new(place.open()));
    for _ in 0..rounds() {
        let written = together(WRITERS, |number| {
            let database = if number.is_multiple_of(2) { server.clone() } else { command.clone() };
            async move { append(&database).await }
        });
        assert!(written.await.iter().all(Result::is_ok));
    }
    assert_eq!(place.count("audit_events"), i64::try_from(WRITERS * rounds()).unwrap());
}

async fn what_a_command_stores_is_seen_by_the_server(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let (server, command) = (place.open(), place.open());
    let organization = build::organization();
    assert_eq!(OrganizationStore::find(&server, organization.id).await.unwrap(), None);
    arrange::organization(&command, organization.clone()).await;
    assert_eq!(OrganizationStore::find(&server, organization.id).await.unwrap(), Some(organization));
}

async fn many_readers_share_few_connections(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = Arc::new(place.open());
    let key = build::api_key(build::organization().id, Environment::Live).key;
    let found = together(256, |_| {
        let (database, digest) = (database.clone(), key.digest);
        async move { ApiKeyStore::find(&*database, &digest).await }
    });
    assert!(found.await.into_iter().all(|found| found.unwrap().is_none()));
}
