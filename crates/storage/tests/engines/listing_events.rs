//! The lists of users' events on a database that had an index instead.

use std::sync::Arc;

use countersign_domain::audit::chain_ports::AuditChain;
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::audit::ports::{AuditLog, AuditQuery};
use countersign_domain::audit::verify::VerifyTrail;
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId, UserId};
use countersign_storage::{Database, migrate};
use countersign_testkit::build::{self, NOW, organization_id, subject_in};
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    lists_are_made_of_the_trail_that_is_there,
    a_server_that_knows_no_lists_fills_them_all_the_same,
    what_was_there_before_the_lists_is_there_again_without_them,
);

const MIGRATION: &str = "2026-11-26-000071_events_are_listed_by_user_when_sealed";

/// Takes back the lists, and whatever came after them.
fn down(place: &TestDatabase) {
    let known = migrate::status(&place.url()).unwrap();
    let before = known.iter().position(|migration| migration.id == MIGRATION).unwrap();
    migrate::down(&place.url(), known.len() - before).unwrap();
}

async fn append(database: &Database, organization: OrganizationId, user: &str) -> AuditEventId {
    let subject = subject_in(organization, Environment::Live, user);
    let event = build::event_about_user(&subject, SecurityEvent::Enabled, NOW);
    let id = event.id;
    database.append(event).await.unwrap();
    id
}

async fn of_user(database: &Database, organization: OrganizationId, user: &str) -> Vec<AuditEventId> {
    let query = AuditQuery { user: UserId::new(user).ok(), ..AuditQuery::whole(organization, 10) };
    database.page(query).await.unwrap().into_iter().map(|record| record.id).collect()
}

async fn lists_are_made_of_the_trail_that_is_there(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let mut expected = Vec::new();
    let database = place.open();
    for organization in [1, 2].map(organization_id) {
        let event = build::event_about_organization(organization, SecurityEvent::UserTokenMinted, NOW);
        database.append(event).await.unwrap();
        let mut ids = vec![append(&database, organization, "alice").await];
        append(&database, organization, "bob").await;
        assert_eq!(database.seal(organization, NOW, 10).await.unwrap(), 3);
        ids.push(append(&database, organization, "alice").await);
        expected.push((organization, ids));
    }
    drop(database);
    down(&place);
    migrate::up(&place.url()).unwrap();
    let database = Arc::new(place.open());
    assert_eq!(place.count("audit_events_by_user"), 4);
    for (organization, mut ids) in expected {
        assert_eq!(of_user(&database, organization, "alice").await, ids);
        ids.push(append(&database, organization, "alice").await);
        assert_eq!(database.seal(organization, NOW, 10).await.unwrap(), 2);
        assert_eq!(of_user(&database, organization, "alice").await, ids);
        let verified = VerifyTrail { chain: database.clone() }.of(organization).await.unwrap();
        assert_eq!((verified.sealed, verified.findings), (5, Vec::new()));
    }
    assert_eq!(place.count("audit_events_by_user"), 8);
}

async fn a_server_that_knows_no_lists_fills_them_all_the_same(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let (database, organization) = (place.open(), organization_id(1));
    let id = append(&database, organization, "alice").await;
    place.sql(&format!(
        "DELETE FROM audit_unsealed WHERE event_id = '{id}';
         INSERT INTO audit_seals VALUES ('{organization}', 1, '{id}', zeroblob(32));"
    ));
    assert_eq!(of_user(&database, organization, "alice").await, [id]);
}

async fn what_was_there_before_the_lists_is_there_again_without_them(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let (database, organization) = (place.open(), organization_id(1));
    let sealed = append(&database, organization, "alice").await;
    assert_eq!(database.seal(organization, NOW, 10).await.unwrap(), 1);
    let waiting = append(&database, organization, "alice").await;
    drop(database);
    down(&place);
    place.sql("BEGIN; DROP INDEX audit_events_by_user; ROLLBACK;");
    let late = build::fresh_ulid();
    place.sql(&format!(
        "INSERT INTO audit_events VALUES ('{organization}', '{late}', 'live', 'alice', 'n', '[]', 'user', NULL, NULL, 7);
         DELETE FROM audit_unsealed WHERE event_id = '{waiting}';
         INSERT INTO audit_seals VALUES ('{organization}', 2, '{waiting}', zeroblob(32));"
    ));
    let waits = "SELECT organization_id || event_id || happened_at FROM audit_unsealed";
    assert_eq!(place.texts(waits), [format!("{organization}{late}7")]);
    migrate::up(&place.url()).unwrap();
    assert_eq!(place.texts("SELECT user_id FROM audit_unsealed"), ["alice"]);
    let all = [sealed, waiting, AuditEventId::new(late)];
    assert_eq!(of_user(&place.open(), organization, "alice").await, all);
}
