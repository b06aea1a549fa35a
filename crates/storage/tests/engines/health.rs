//! The check of the database.

use countersign_domain::health::Dependency;
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(Engine; a_database_that_can_be_written_to_is_ready, frequent_checks_share_one_write);

async fn a_database_that_can_be_written_to_is_ready(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = place.open();
    assert_eq!(database.name(), "database");
    database.check().await.unwrap();
}

async fn frequent_checks_share_one_write(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = place.open();
    for _ in 0..20 {
        database.check().await.unwrap();
    }
    drop(database);
    let writes: i32 = place.texts("SELECT CAST(writes AS TEXT) FROM write_probe")[0].parse().unwrap();
    assert!((1..20).contains(&writes), "{writes} writes");
}
