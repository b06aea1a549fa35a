//! An organization can be cut out of the database along its keys, as `docs/many-nodes.md` says: read off the migrated schema.

use std::collections::BTreeSet;

#[cfg(feature = "postgres")]
use countersign_testkit::build;
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    every_key_of_a_table_begins_with_the_organization,
    foreign_keys_stay_within_the_organization,
);

/// Tables that are not cut, with the reason. Neither they nor their keys may become more without need.
const WHOLE: &[(&str, &str)] = &[
    ("__diesel_schema_migrations", "the schema is one"),
    ("api_keys", "the key is what tells the organization, so it is looked up before that is known"),
    ("database_timeline", "it is about the server"),
    ("key_registry", "the key ring is one"),
    ("plans", "organizations share them"),
    ("write_probe", "it is about the server"),
];

/// The organization itself: its id is the organization's.
const ORGANIZATIONS: &str = "organizations";

fn is_whole(table: &str) -> bool {
    WHOLE.iter().any(|(whole, _)| *whole == table)
}

/// What an organization is called in a table.
fn organization_in(table: &str) -> String {
    format!("{table}.{}", if table == ORGANIZATIONS { "id" } else { "organization_id" })
}

fn table_of(column: &str) -> &str {
    column.split_once('.').unwrap().0
}

fn tables(place: &TestDatabase) -> BTreeSet<String> {
    let tables = match place {
        TestDatabase::Sqlite(_) => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres(_) => {
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        }
    };
    place.texts(tables).into_iter().collect()
}

/// The first column of each primary key and each other unique key.
fn beginnings_of_keys(place: &TestDatabase) -> Vec<String> {
    let keys = match place {
        // A table's INTEGER PRIMARY KEY is no index.
        TestDatabase::Sqlite(_) => {
            "SELECT t.name || '.' || k.name FROM sqlite_schema t, pragma_table_info(t.name) k
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND k.pk = 1
             UNION ALL
             SELECT t.name || '.' || k.name
             FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) k
             WHERE t.type = 'table' AND i.\"unique\" AND k.seqno = 0"
        }
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres(_) => {
            "SELECT relname || '.' || attname FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
                 JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
             WHERE indisunique AND relnamespace = 'public'::regnamespace"
        }
    };
    place.texts(keys)
}

/// The first column of each foreign key, and the one that it stands for.
fn beginnings_of_foreign_keys(place: &TestDatabase) -> Vec<(String, String)> {
    let keys = match place {
        TestDatabase::Sqlite(_) => {
            "SELECT t.name || '.' || k.\"from\" || ' ' || k.\"table\" || '.' || k.\"to\"
             FROM sqlite_schema t, pragma_foreign_key_list(t.name) k WHERE t.type = 'table' AND k.seq = 0"
        }
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres(_) => {
            "SELECT here.relname || '.' || own.attname || ' ' || there.relname || '.' || other.attname
             FROM pg_constraint JOIN pg_class here ON here.oid = conrelid JOIN pg_class there ON there.oid = confrelid
                 JOIN pg_attribute own ON own.attrelid = conrelid AND own.attnum = conkey[1]
                 JOIN pg_attribute other ON other.attrelid = confrelid AND other.attnum = confkey[1]
             WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
        }
    };
    let pair =
        |text: String| text.split_once(' ').map(|(from, to)| (from.to_owned(), to.to_owned())).unwrap();
    place.texts(keys).into_iter().map(pair).collect()
}

async fn every_key_of_a_table_begins_with_the_organization(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let (tables, keys) = (tables(&place), beginnings_of_keys(&place));
    let keyed: BTreeSet<String> = keys.iter().map(|key| table_of(key).to_owned()).collect();
    assert_eq!(keyed, tables, "each table has a key");
    for key in keys.iter().filter(|key| !is_whole(table_of(key))) {
        assert_eq!(*key, organization_in(table_of(key)));
    }
    let guide = include_str!("../../../../docs/many-nodes.md");
    for (table, reason) in WHOLE {
        assert!(tables.contains(*table), "{table} is gone");
        assert!(guide.contains(&format!("`{table}`")), "docs/many-nodes.md does not name {table}: {reason}");
    }
}

async fn foreign_keys_stay_within_the_organization(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let (within, others): (Vec<_>, Vec<_>) = beginnings_of_foreign_keys(&place)
        .into_iter()
        .partition(|(from, to)| !is_whole(table_of(from)) && !is_whole(table_of(to)));
    assert!(!within.is_empty());
    for (from, to) in within {
        assert_eq!((&from, &to), (&organization_in(table_of(&from)), &organization_in(table_of(&to))));
    }
    let others: BTreeSet<_> = others.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let known = [("api_keys.organization_id", "organizations.id"), ("organizations.plan_id", "plans.id")];
    assert_eq!(others, known.into());
}

/// What the contracts rely on that run on such a database.
#[cfg(feature = "postgres")]
#[test]
fn a_database_of_one_organization_refuses_to_write_for_two_in_one_transaction() {
    let place = TestDatabase::of_one_organization();
    let account = |organization: u64| {
        let id = build::organization_id(organization);
        format!("INSERT INTO usage_accounts VALUES ('{id}', 'live', 1);")
    };
    place.sql(&account(1));
    place.sql(&account(2));
    let both = account(3) + &account(4);
    let refused = place.try_sql(&format!("BEGIN; {both} COMMIT;")).unwrap_err();
    assert!(refused.contains("one transaction writes for"), "{refused}");
}
