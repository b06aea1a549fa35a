//! Databases of their own for tests, on every database system of this build.
#![allow(dead_code, unused_imports, reason = "every test target uses a part of it")]

pub(crate) mod plans;

use std::path::PathBuf;
use std::time::Duration;

use countersign_storage::{Database, DatabaseOptions, DatabaseUrl, migrate};
#[cfg(feature = "postgres")]
use countersign_testkit::services::postgres::PostgresDatabase;
use diesel::connection::{LoadConnection, SimpleConnection};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

/// A database system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

/// A database that one test has for itself.
pub(crate) enum TestDatabase {
    Sqlite(Files),
    #[cfg(feature = "postgres")]
    Postgres(PostgresDatabase),
}

impl TestDatabase {
    /// A folder without a database, or a database without tables.
    pub(crate) fn empty(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(Files::empty()),
            #[cfg(feature = "postgres")]
            Engine::Postgres => Self::Postgres(PostgresDatabase::empty()),
        }
    }

    /// A database whose schema is up to date.
    pub(crate) fn migrated(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(Files::migrated()),
            #[cfg(feature = "postgres")]
            Engine::Postgres => Self::Postgres(PostgresDatabase::copied("storage", prepare)),
        }
    }

    /// A database whose schema a newer version has expanded.
    pub(crate) fn expanded(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let files = Files::migrated();
                expand(
                    &mut files.sql(),
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                );
                Self::Sqlite(files)
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres => Self::Postgres(PostgresDatabase::copied("expanded", |url| {
                prepare(url);
                let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
                expand(&mut PgConnection::establish(url).unwrap(), tables);
            })),
        }
    }

    /// A database that refuses to write for two organizations in one transaction.
    #[cfg(feature = "postgres")]
    pub(crate) fn of_one_organization() -> Self {
        Self::Postgres(PostgresDatabase::copied("one_organization", |url| {
            prepare(url);
            let guard = include_str!("of_one_organization.sql");
            PgConnection::establish(url).unwrap().batch_execute(guard).unwrap();
        }))
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite(files) => files.url(),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => DatabaseUrl::parse(&database.url()).unwrap(),
        }
    }

    pub(crate) fn open(&self) -> Database {
        open(&self.url())
    }

    /// Runs statements around the adapter.
    pub(crate) fn sql(&self, statements: &str) {
        self.try_sql(statements).unwrap_or_else(|refusal| panic!("{statements}: {refusal}"));
    }

    /// Runs statements around the adapter; what they were refused with.
    pub(crate) fn try_sql(&self, statements: &str) -> Result<(), String> {
        self.connection().batch_execute(statements).map_err(|error| error.to_string())
    }

    /// A connection that goes around the adapter.
    pub(crate) fn connection(&self) -> Box<dyn SimpleConnection> {
        match self {
            Self::Sqlite(files) => Box::new(files.sql()),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => Box::new(connect(database)),
        }
    }

    /// Does what constraints and triggers forbid, as a broken disk or somebody with the database might. They are gone
    /// for good.
    pub(crate) fn without_guards(&self, statements: &str) {
        match self {
            Self::Sqlite(files) => {
                let mut connection = files.sql();
                let triggers =
                    "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'";
                let drops: Vec<String> = diesel::dsl::sql::<Text>(triggers).load(&mut connection).unwrap();
                let checks = "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;";
                connection.batch_execute(&format!("{checks} {} {statements}", drops.concat())).unwrap();
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                self.sql(
                    "DO $$ DECLARE guard record; BEGIN
                         FOR guard IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
                             WHERE contype = 'c' AND connamespace = 'public'::regnamespace
                         LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.place, guard.conname); END LOOP;
                         FOR guard IN SELECT relid::regclass AS place FROM pg_stat_user_tables
                         LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', guard.place); END LOOP;
                     END $$;",
                );
                // A statement of its own, for those who only want the guards gone.
                self.sql(&format!("SELECT 1; {statements}"));
            }
        }
    }

    pub(crate) fn count(&self, table: &str) -> i64 {
        let query = diesel::dsl::sql::<BigInt>(&format!("SELECT count(*) FROM {table}"));
        match self {
            Self::Sqlite(files) => query.get_result(&mut files.sql()).unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => query.get_result(&mut connect(database)).unwrap(),
        }
    }

    /// The texts that a query finds.
    pub(crate) fn texts(&self, query: &str) -> Vec<String> {
        let query = diesel::dsl::sql::<Text>(query);
        match self {
            Self::Sqlite(files) => query.load(&mut files.sql()).unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => query.load(&mut connect(database)).unwrap(),
        }
    }
}

/// On a busy machine a call may have to wait for a thread.
pub(crate) fn open(url: &DatabaseUrl) -> Database {
    Database::open(url, DatabaseOptions { turn: Duration::from_mins(1), ..DatabaseOptions::default() })
        .unwrap()
}

/// Adds a table, and to every other one a column with an index, as a migration does that this version does not know.
fn expand<C>(connection: &mut C, tables: &str)
where
    C: LoadConnection,
    for<'query> SqlLiteral<Text>: LoadQuery<'query, C, String>,
{
    let mut tables: Vec<String> = diesel::dsl::sql::<Text>(tables).load(connection).unwrap();
    tables.retain(|table| table != "__diesel_schema_migrations");
    let column = |table: &String| {
        format!("ALTER TABLE {table} ADD COLUMN newer TEXT; CREATE INDEX {table}_newer ON {table} (newer);")
    };
    let columns: String = tables.iter().map(column).collect();
    let statements = format!(
        "{columns} CREATE TABLE newer (id INTEGER PRIMARY KEY);
         INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')"
    );
    connection.batch_execute(&statements).unwrap();
}

/// Brings the first database of a cluster up to date, and adds what SQLite has and the statements of tests use.
#[cfg(feature = "postgres")]
pub(crate) fn prepare(url: &str) {
    let parsed = DatabaseUrl::parse(url).unwrap();
    migrate::up(&parsed).unwrap();
    let mut connection = PgConnection::establish(url).unwrap();
    connection
        .batch_execute(
            "CREATE FUNCTION zeroblob(size int) RETURNS bytea LANGUAGE sql AS
                 $$ SELECT decode(repeat('00', size), 'hex') $$;
             CREATE FUNCTION randomblob(size int) RETURNS bytea LANGUAGE sql AS
                 $$ SELECT substring(sha256(random()::text::bytea) FOR size) $$;",
        )
        .unwrap();
}

#[cfg(feature = "postgres")]
fn connect(database: &PostgresDatabase) -> PgConnection {
    PgConnection::establish(&database.url()).unwrap()
}

/// A folder with a SQLite database in it.
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
        open(&self.url())
    }

    /// A connection that goes around the adapter.
    pub(crate) fn sql(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(self.path().to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;").unwrap();
        connection
    }

    /// The bytes of all files of the database, after what the log holds was brought into the database. Nobody may have
    /// it open: closing the files would drop SQLite's locks.
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
