//! One connection type for all database systems, so that every query is written once.
//!
//! The derive puts `MultiBackend` and its kin beside the enum; this module is their place.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use crate::failover::Failovers;

/// Runs a query on the connection that an [`AnyConnection`] holds. Through the enum itself every call writes the text of
/// its statement anew, several times, to find the prepared one; so this is for what each request runs.
macro_rules! directly {
    ($connection:expr, |$inner:ident| $query:expr) => {
        match $connection {
            $crate::backend::AnyConnection::Sqlite($inner) => $query,
            #[cfg(feature = "postgres")]
            $crate::backend::AnyConnection::Postgres($inner) => $query,
        }
    };
}
pub(crate) use directly;

/// Locks a row to the end of the transaction; `false` when it is not there or another transaction has locked it: who tidies
/// up many rows must wait for nobody. On SQLite a transaction that writes is alone anyway.
macro_rules! hold_if_free {
    ($connection:expr, $row:expr, $id:ty) => {
        match $connection {
            $crate::backend::AnyConnection::Sqlite(inner) => $row.get_result::<$id>(inner),
            #[cfg(feature = "postgres")]
            $crate::backend::AnyConnection::Postgres(inner) => {
                $row.for_update().skip_locked().get_result::<$id>(inner)
            }
        }
        .optional()
        .map(|found| found.is_some())
    };
}
pub(crate) use hold_if_free;

/// A connection to whichever database system the URL names.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    /// Embedded.
    Sqlite(SqliteConnection),
    /// A server.
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
}

impl AnyConnection {
    /// Begins a transaction that is going to write. On SQLite it takes the write lock at once, because one that
    /// reads first and then wants to write gets "database is locked" however long it would wait.
    pub(crate) fn begin_write(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction(connection),
        }
    }

    /// Whether the server only follows another one, so that it cannot be written to and its data may be old.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(clippy::unnecessary_wraps, reason = "only a server has replicas")
    )]
    pub(crate) fn is_standby(&mut self) -> QueryResult<bool> {
        match self {
            Self::Sqlite(_) => Ok(false),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => crate::postgres::is_standby(connection),
        }
    }

    /// Finds out whether another server has become the primary since the last connection of any node.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, clippy::unnecessary_wraps, reason = "only a server has replicas")
    )]
    pub(crate) fn watch(&mut self, failovers: &Failovers) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => crate::postgres::watch(connection, failovers),
        }
    }

    /// How many transactions and savepoints are open; `None` when that is not known any more.
    pub(crate) fn transaction_depth(&mut self) -> Option<u32> {
        let depth = Self::transaction_manager_status_mut(self).transaction_depth().ok()?;
        Some(depth.map_or(0, std::num::NonZeroU32::get))
    }
}
