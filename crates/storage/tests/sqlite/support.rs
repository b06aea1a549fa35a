//! Databases of their own for tests.
#![allow(dead_code, reason = "every test target uses a part of it")]

use std::path::PathBuf;

use countersign_storage::{Database, DatabaseOptions, DatabaseUrl, migrate};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

/// A folder with a database in it.
pub(crate) struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    /// A folder without a database.
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// A folder with a database whose schema is up to date.
    pub(crate) fn migrated() -> Self {
        let files = Self::empty();
        migrate::up(&files.url()).unwrap();
        files
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("countersign.db")
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        url_of(&self.path())
    }

    pub(crate) fn open(&self) -> Database {
        Database::open(&self.url(), DatabaseOptions::default()).unwrap()
    }

    /// A connection that goes around the adapter.
    pub(crate) fn sql(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(self.path().to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;").unwrap();
        connection
    }

    /// The bytes of all files of the database, after what the log holds was brought into the database. Nobody may have it open: closing the files would drop SQLite's locks.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.sql().batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let entries = std::fs::read_dir(self.directory.path()).unwrap();
        entries.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
    }
}

pub(crate) fn url_of(path: &std::path::Path) -> DatabaseUrl {
    DatabaseUrl::parse(&format!("sqlite:{}", path.display())).unwrap()
}

pub(crate) fn count(connection: &mut SqliteConnection, table: &str) -> i64 {
    diesel::dsl::sql::<BigInt>(&format!("SELECT count(*) FROM {table}")).get_result(connection).unwrap()
}
