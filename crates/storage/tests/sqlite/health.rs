//! The check of a database that somebody else writes to.

use countersign_domain::failure::PortFailure;
use countersign_domain::health::Dependency;
use diesel::connection::SimpleConnection;

use crate::support::Files;

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
