//! The schema's history: every migration is embedded, has a way back, and is never edited after a release.
//!
//! Each function is one immediate transaction, so that processes which migrate at the same time follow each other
//! and a migration that fails leaves nothing behind. All of them block.

use std::collections::BTreeSet;
use std::error::Error;

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::schema::__diesel_schema_migrations as history;
use crate::sqlite::{self, ConnectError};
use crate::url::DatabaseUrl;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

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
    /// A migration failed; nothing has changed.
    #[error("the migration failed and changed nothing")]
    Migration(#[source] Box<dyn Error + Send + Sync>),
}

/// Makes the database if it is missing and applies what is pending; the ids of what was applied, in order.
pub fn up(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    sqlite::create(url.sqlite_path())?;
    sqlite::check(url.sqlite_path())?.immediate_transaction(|connection| {
        let mut done = Vec::new();
        for migration in connection.pending_migrations(SQLITE).map_err(MigrateError::Migration)? {
            connection.run_migration(&migration).map_err(MigrateError::Migration)?;
            done.push(migration.name().to_string());
        }
        Ok(done)
    })
}

/// Takes back the latest migrations, at most `steps` of them; the ids of what was taken back, in order. The data in
/// their tables is lost.
pub fn down(url: &DatabaseUrl, steps: usize) -> Result<Vec<String>, MigrateError> {
    sqlite::check(url.sqlite_path())?.immediate_transaction(|connection| {
        let known = known()?;
        let mut done = Vec::new();
        while done.len() < steps && !applied(connection)?.is_empty() {
            let version = connection.revert_last_migration(SQLITE).map_err(MigrateError::Migration)?;
            let reverted = known.iter().find(|migration| migration.name().version() == version);
            done.push(reverted.map_or_else(|| version.to_string(), |migration| migration.name().to_string()));
        }
        Ok(done)
    })
}

/// All migrations that this program knows, in order. A missing database has none of them, and is not made.
pub fn status(url: &DatabaseUrl) -> Result<Vec<MigrationStatus>, MigrateError> {
    match sqlite::check(url.sqlite_path()) {
        Ok(mut connection) => status_of(&mut connection),
        Err(ConnectError::Missing(_)) => statuses(&BTreeSet::new()),
        Err(error) => Err(error.into()),
    }
}

/// The ids of the migrations that a database, which must exist, lacks. Migrations of newer programs do no harm:
/// the schema is expanded first and contracted a release later.
pub(crate) fn pending(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    let statuses = status_of(&mut sqlite::check(url.sqlite_path())?)?;
    Ok(statuses.into_iter().filter(|migration| !migration.applied).map(|migration| migration.id).collect())
}

fn status_of(connection: &mut SqliteConnection) -> Result<Vec<MigrationStatus>, MigrateError> {
    statuses(&applied(connection)?)
}

fn statuses(applied: &BTreeSet<String>) -> Result<Vec<MigrationStatus>, MigrateError> {
    let names = known()?.into_iter().map(|migration| {
        let applied = applied.contains(&migration.name().version().to_string());
        MigrationStatus { id: migration.name().to_string(), applied }
    });
    Ok(names.collect())
}

fn known() -> Result<Vec<Box<dyn Migration<Sqlite>>>, MigrateError> {
    let mut known = MigrationSource::<Sqlite>::migrations(&SQLITE).map_err(MigrateError::Migration)?;
    known.sort_by_key(|migration| migration.name().version().as_owned());
    Ok(known)
}

/// The versions on record. Only reads: a history that is missing is empty.
fn applied(connection: &mut SqliteConnection) -> QueryResult<BTreeSet<String>> {
    let tables: i64 =
        diesel::dsl::sql::<BigInt>("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ")
            .bind::<Text, _>("__diesel_schema_migrations")
            .get_result(connection)?;
    if tables == 0 {
        return Ok(BTreeSet::new());
    }
    Ok(history::table.select(history::version).load(connection)?.into_iter().collect())
}
