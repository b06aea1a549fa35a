//! One connection type for all database systems, so that every query is written once.
//!
//! The derive puts `MultiBackend` and its kin beside the enum; this module is their place.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

/// A connection to whichever database system the URL names.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    /// Embedded.
    Sqlite(SqliteConnection),
}

impl AnyConnection {
    /// Begins a transaction that is going to write. On SQLite it takes the write lock at once, because one that
    /// reads first and then wants to write gets "database is locked" however long it would wait.
    pub(crate) fn begin_write(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
        }
    }

    /// How many transactions and savepoints are open; `None` when that is not known any more.
    pub(crate) fn transaction_depth(&mut self) -> Option<u32> {
        let depth = Self::transaction_manager_status_mut(self).transaction_depth().ok()?;
        Some(depth.map_or(0, std::num::NonZeroU32::get))
    }
}
