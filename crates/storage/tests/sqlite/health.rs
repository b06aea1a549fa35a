//! The check of the database.

use countersign_domain::failure::PortFailure;
use countersign_domain::health::Dependency;
use diesel::connection::SimpleConnection;

use crate::support::Files;

#[tokio::test]
async fn a_database_that_can_be_written_to_is_ready() {
    let files = Files::migrated();
    let database = files.open();
    assert_eq!(database.name(), "database");
    database.check().await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_be_written_to_is_not_ready() {
    let files = Files::migrated();
    let database = files.open();
    let mut other = files.sql();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = database.check().await;
    assert!(matches!(refused, Err(PortFailure::Unavailable(_))), "{refused:?}");
    other.batch_execute("ROLLBACK").unwrap();
}

#[tokio::test]
async fn frequent_checks_share_one_write() {
    let files = Files::migrated();
    let database = files.open();
    for _ in 0..20 {
        database.check().await.unwrap();
    }
    drop(database);
    let writes: i64 = diesel::RunQueryDsl::get_result(
        diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT writes FROM write_probe"),
        &mut files.sql(),
    )
    .unwrap();
    assert!((1..20).contains(&writes), "{writes} writes");
}
