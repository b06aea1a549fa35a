//! The schema's history.

use std::collections::BTreeSet;
use std::thread;

use countersign_domain::admission::ports::PlanStore;
use countersign_domain::quota::plan::Plan;
use countersign_storage::migrate::{self, MigrateError};
use countersign_storage::{Database, DatabaseOptions, OpenError};
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    every_migration_has_a_way_back_and_can_be_applied_again,
    each_step_back_and_forth_gives_the_same_schema,
    applying_twice_changes_nothing,
    going_back_further_than_the_beginning_ends_at_the_beginning,
    processes_that_migrate_at_the_same_time_follow_each_other,
    a_schema_that_is_not_up_to_date_is_refused_with_what_to_do,
    the_schema_of_a_newer_program_is_accepted,
    a_migration_of_a_newer_program_is_not_taken_back,
    the_built_in_plans_are_there_from_the_start,
    a_database_without_tables_has_no_migrations_and_gets_none_by_asking,
);

fn open(place: &TestDatabase) -> Result<Database, OpenError> {
    Database::open(&place.url(), DatabaseOptions::default())
}

/// Everything that makes the schema, as the database system keeps it.
fn schema(place: &TestDatabase) -> BTreeSet<String> {
    let texts = match place {
        TestDatabase::Sqlite(_) => place.texts(
            "SELECT name || ': ' || sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
        ),
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres(_) => place.texts(
            "SELECT attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || attnotnull
                 || attidentity::text || coalesce(pg_get_expr(adbin, adrelid), '') || coalesce(collname, '')
             FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                 LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
                 LEFT JOIN pg_collation ON pg_collation.oid = attcollation
             WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped AND relkind = 'r'
             UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        ),
    };
    texts.into_iter().filter(|text| !text.contains("__diesel_schema_migrations")).collect()
}

async fn every_migration_has_a_way_back_and_can_be_applied_again(engine: Engine) {
    let place = TestDatabase::empty(engine);
    let applied = migrate::up(&place.url()).unwrap();
    let made = schema(&place);
    for _ in &applied {
        assert_eq!(migrate::down(&place.url(), 1).unwrap().len(), 1);
    }
    assert_eq!(schema(&place), BTreeSet::new());
    assert_eq!(migrate::up(&place.url()).unwrap(), applied);
    assert_eq!(schema(&place), made);
}

async fn each_step_back_and_forth_gives_the_same_schema(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let made = schema(&place);
    for steps in 1..=migrate::status(&place.url()).unwrap().len() {
        let mut reverted = migrate::down(&place.url(), steps).unwrap();
        reverted.reverse();
        assert_eq!(migrate::up(&place.url()).unwrap(), reverted);
        assert_eq!(schema(&place), made);
    }
}

async fn applying_twice_changes_nothing(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    assert_eq!(migrate::up(&place.url()).unwrap(), Vec::<String>::new());
}

async fn going_back_further_than_the_beginning_ends_at_the_beginning(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let all = migrate::status(&place.url()).unwrap().len();
    assert_eq!(migrate::down(&place.url(), all + 5).unwrap().len(), all);
    assert!(migrate::status(&place.url()).unwrap().iter().all(|migration| !migration.applied));
}

async fn processes_that_migrate_at_the_same_time_follow_each_other(engine: Engine) {
    let place = TestDatabase::empty(engine);
    let url = place.url();
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            thread::spawn(move || migrate::up(&url).unwrap().len())
        })
        .collect();
    let applied: usize = racers.into_iter().map(|racer| racer.join().unwrap()).sum();
    assert_eq!(applied, migrate::status(&url).unwrap().len());
}

async fn a_schema_that_is_not_up_to_date_is_refused_with_what_to_do(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let reverted = migrate::down(&place.url(), 1).unwrap();
    let refused = open(&place).err().unwrap();
    assert!(refused.to_string().contains("countersign migrate up"), "{refused}");
    assert!(refused.to_string().contains(&reverted[0]), "{refused}");
}

async fn the_schema_of_a_newer_program_is_accepted(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    place.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')");
    assert!(open(&place).is_ok());
}

async fn a_migration_of_a_newer_program_is_not_taken_back(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    place.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')");
    let refused = migrate::down(&place.url(), 1).unwrap_err();
    assert!(
        matches!(refused, MigrateError::Newer(_)) && refused.to_string().contains("29991231000001"),
        "{refused}"
    );
    assert!(migrate::status(&place.url()).unwrap().iter().all(|migration| migration.applied));
}

async fn the_built_in_plans_are_there_from_the_start(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = place.open();
    let mut built_in = Plan::built_in().to_vec();
    built_in.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(PlanStore::list(&database).await.unwrap(), built_in);
}

async fn a_database_without_tables_has_no_migrations_and_gets_none_by_asking(engine: Engine) {
    let place = TestDatabase::empty(engine);
    for _ in 0..2 {
        let status = migrate::status(&place.url()).unwrap();
        assert!(!status.is_empty() && status.iter().all(|migration| !migration.applied));
        assert_eq!(status[0].id, "2026-11-23-000001_plans");
    }
    assert!(open(&place).is_err());
}
