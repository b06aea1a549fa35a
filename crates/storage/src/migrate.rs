//! The schema's history: every migration is embedded, has a way back, and is never edited after a release.
//!
//! Each function is one transaction under a lock, so that processes which migrate at the same time follow each other
//! and a migration that fails leaves nothing behind. All of them block.

use std::collections::BTreeSet;
use std::error::Error;

#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection as _;
use diesel::connection::TransactionManager as _;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
#[cfg(feature = "postgres")]
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::backend::AnyConnection;
use crate::connect::{self, ConnectError};
use crate::schema::__diesel_schema_migrations as history;
use crate::sqlite;
use crate::url::DatabaseUrl;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// What processes that migrate hold.
#[cfg(feature = "postgres")]
const LOCK: &str = "countersign migrations";

/// One migration that this program knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationStatus {
    /// Its id, such as `2026-11-23-000001_plans`.
    pub id: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Why the schema could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// There is no usable connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The history could not be read.
    #[error("the history of the schema cannot be read")]
    History(#[from] diesel::result::Error),
    /// A newer version of this program has changed the schema; only that one knows the way back.
    #[error(
        "a newer version has applied migrations that this one does not know ({}): take them back with that version",
        .0.join(", ")
    )]
    Newer(Vec<String>),
    /// A migration failed; nothing has changed.
    #[error("the migration failed and changed nothing")]
    Migration(#[source] Box<dyn Error + Send + Sync>),
}

/// Makes a file that is missing, and applies what is pending; the ids of what was applied, in order.
pub fn up(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    if let Some(path) = url.sqlite_path() {
        sqlite::create(path)?;
    }
    in_turn(&mut connect::check(url)?, |connection| {
        let mut done = Vec::new();
        let source = source(connection);
        for migration in connection.pending_migrations(source).map_err(MigrateError::Migration)? {
            connection.run_migration(&migration).map_err(MigrateError::Migration)?;
            done.push(migration.name().to_string());
        }
        Ok(done)
    })
}

/// Takes back the latest migrations, at most `steps` of them; the ids of what was taken back, in order. The data in
/// their tables is lost. None is taken back from under a migration that this program does not know.
pub fn down(url: &DatabaseUrl, steps: usize) -> Result<Vec<String>, MigrateError> {
    in_turn(&mut connect::check(url)?, |connection| {
        let known = known()?;
        let versions: BTreeSet<_> =
            known.iter().map(|migration| migration.name().version().to_string()).collect();
        let newer: Vec<_> = applied(connection)?.difference(&versions).cloned().collect();
        if !newer.is_empty() {
            return Err(MigrateError::Newer(newer));
        }
        let mut done = Vec::new();
        while done.len() < steps && !applied(connection)?.is_empty() {
            let version =
                connection.revert_last_migration(source(connection)).map_err(MigrateError::Migration)?;
            let reverted = known.iter().find(|migration| migration.name().version() == version);
            done.push(reverted.map_or_else(|| version.to_string(), |migration| migration.name().to_string()));
        }
        Ok(done)
    })
}

/// All migrations that this program knows, in order. A missing file has none of them, and is not made.
pub fn status(url: &DatabaseUrl) -> Result<Vec<MigrationStatus>, MigrateError> {
    match connect::check(url) {
        Ok(mut connection) => status_of(&mut connection),
        Err(ConnectError::Missing(_)) => statuses(&BTreeSet::new()),
        Err(error) => Err(error.into()),
    }
}

/// The ids of the migrations that a database, which must exist, lacks. Migrations of newer programs do no harm:
/// the schema is expanded first and contracted a release later.
pub(crate) fn pending(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    let statuses = status_of(&mut connect::check(url)?)?;
    Ok(statuses.into_iter().filter(|migration| !migration.applied).map(|migration| migration.id).collect())
}

/// Runs `work` in one transaction, after those who migrate already.
fn in_turn<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, MigrateError>,
) -> Result<T, MigrateError> {
    connection.begin_write()?;
    let worked = take_turn(connection).map_err(Into::into).and_then(|()| work(connection));
    match worked {
        Ok(done) => AnyConnection::commit_transaction(connection).map(|()| done).map_err(Into::into),
        Err(error) => {
            AnyConnection::rollback_transaction(connection)?;
            Err(error)
        }
    }
}

/// Waits until no other process migrates, by the one lock that belongs to no row: there may be no table yet. From then on, a
/// migration that has to wait for a table in use gives up after 2 s, before the calls that queue behind it do. On SQLite a
/// transaction that writes is alone anyway.
#[cfg_attr(not(feature = "postgres"), expect(clippy::unnecessary_wraps, reason = "only a server can refuse"))]
fn take_turn(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => {
            diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind::<Text, _>(LOCK)
                .execute(connection)?;
            connection.batch_execute("SET LOCAL lock_timeout = 2000")
        }
    }
}

fn source(connection: &AnyConnection) -> EmbeddedMigrations {
    match connection {
        AnyConnection::Sqlite(_) => SQLITE,
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => POSTGRES,
    }
}

fn status_of(connection: &mut AnyConnection) -> Result<Vec<MigrationStatus>, MigrateError> {
    statuses(&applied(connection)?)
}

fn statuses(applied: &BTreeSet<String>) -> Result<Vec<MigrationStatus>, MigrateError> {
    let names = known()?.into_iter().map(|migration| {
        let applied = applied.contains(&migration.name().version().to_string());
        MigrationStatus { id: migration.name().to_string(), applied }
    });
    Ok(names.collect())
}

/// The same ids on every database system.
fn known() -> Result<Vec<Box<dyn Migration<Sqlite>>>, MigrateError> {
    let mut known = MigrationSource::<Sqlite>::migrations(&SQLITE).map_err(MigrateError::Migration)?;
    known.sort_by_key(|migration| migration.name().version().as_owned());
    Ok(known)
}

/// The versions on record. Only reads: a history that is missing is empty.
fn applied(connection: &mut AnyConnection) -> QueryResult<BTreeSet<String>> {
    let tables = match connection {
        AnyConnection::Sqlite(_) => {
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => "SELECT count(to_regclass('__diesel_schema_migrations'))",
    };
    if diesel::dsl::sql::<BigInt>(tables).get_result::<i64>(connection)? == 0 {
        return Ok(BTreeSet::new());
    }
    Ok(history::table.select(history::version).load(connection)?.into_iter().collect())
}

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn every_database_system_has_the_same_migrations() {
        let names = |source: &EmbeddedMigrations| -> BTreeSet<String> {
            let migrations = MigrationSource::<Sqlite>::migrations(source).unwrap();
            migrations.iter().map(|migration| migration.name().to_string()).collect()
        };
        assert_eq!(names(&POSTGRES), names(&SQLITE));
    }

    fn files_below(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
    }

    /// Rows can be spread over servers, and the locks on them with the rows; a lock that belongs to no row cannot.
    #[test]
    fn nothing_but_a_migration_takes_a_lock_that_belongs_to_no_row() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = files_below(&package.join("src"));
        files.extend(files_below(&package.join("../../migrations/postgres")));
        files.sort();
        files.retain(|path| fs::read_to_string(path).unwrap().contains("advisory"));
        assert_eq!(files, [package.join("src/migrate.rs"), package.join("src/postgres/tests.rs")]);
    }
}
