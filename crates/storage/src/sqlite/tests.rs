use std::sync::Barrier;

use std::path::PathBuf;

use diesel::sql_types::Integer;

use super::*;

fn database(directory: &tempfile::TempDir) -> PathBuf {
    let path = directory.path().join("a%20 b.db");
    create(&path).unwrap();
    path
}

fn setting(connection: &mut SqliteConnection, name: &str) -> i32 {
    diesel::dsl::sql::<Integer>(&format!("PRAGMA {name}")).get_result(connection).unwrap()
}

#[test]
fn every_connection_has_all_settings() {
    let directory = tempfile::tempdir().unwrap();
    let path = database(&directory);
    for (access, query_only) in [(Access::Write, 0), (Access::Read, 1)] {
        let mut connection = connect(&path, access).unwrap();
        let mode: String =
            diesel::dsl::sql::<Text>("PRAGMA journal_mode").get_result(&mut connection).unwrap();
        assert_eq!(mode, "wal");
        for (name, value) in [
            ("busy_timeout", 5000),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("trusted_schema", 0),
            ("secure_delete", 1),
            ("cell_size_check", 1),
            ("temp_store", 2),
            ("wal_autocheckpoint", 12_000),
            ("journal_size_limit", 67_108_864),
            ("query_only", query_only),
        ] {
            assert_eq!(setting(&mut connection, name), value, "{name} of a connection to {access:?}");
        }
    }
}

#[test]
fn of_many_first_connections_nobody_is_told_that_the_database_is_locked() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let path = database(&directory);
        let together = Barrier::new(16);
        thread::scope(|scope| {
            let racers: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        together.wait();
                        connect(&path, Access::Write).map(drop)
                    })
                })
                .collect();
            for racer in racers {
                racer.join().unwrap().unwrap();
            }
        });
    }
}

#[cfg(unix)]
#[test]
fn a_new_database_and_its_log_belong_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = database(&directory);
    let mut connection = connect(&path, Access::Write).unwrap();
    connection.batch_execute("CREATE TABLE t (x)").unwrap();
    let log = path.with_file_name("a%20 b.db-wal");
    for file in [path, log] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn connecting_never_makes_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing.db");
    assert!(connect(&path, Access::Write).is_err());
    assert!(!path.exists());
}

#[test]
fn the_linked_library_is_recent_and_older_ones_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    assert!(check(&database(&directory)).is_ok());
    for (version, recent) in [
        ("3.51.3", true),
        ("3.53.0", true),
        ("4.0.0", true),
        ("3.51.2", false),
        ("3.9.9", false),
        ("", false),
    ] {
        assert_eq!(is_recent(version), recent, "{version:?}");
    }
}
