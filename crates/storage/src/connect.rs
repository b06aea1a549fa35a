//! Connections to whichever database system a URL names.

use std::io;
use std::path::PathBuf;

use crate::backend::AnyConnection;
use crate::filesystem::UnsuitableFileSystem;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::sqlite;
use crate::url::{DatabaseUrl, Place};

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// It cannot write.
    Read,
    /// It may write.
    Write,
    /// It may write, and has no limits of time.
    Migrate,
}

/// Why there is no usable connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no such file.
    #[error("there is no database at {}: run `countersign migrate up`", .0.display())]
    Missing(PathBuf),
    /// The file could not be made.
    #[error("the database {} cannot be created", .path.display())]
    Create {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The file lies where SQLite cannot work safely.
    #[error(transparent)]
    FileSystem(#[from] UnsuitableFileSystem),
    /// The file or the server could not be reached.
    #[error("the database cannot be opened")]
    Open(#[from] diesel::ConnectionError),
    /// The connection could not be set up.
    #[error("the database cannot be used")]
    Setup(#[from] diesel::result::Error),
    /// The library or the server is older than what this program was made for.
    #[error("{system} {found} is too old: {needed} or newer is needed")]
    TooOld {
        /// Which database system.
        system: &'static str,
        /// Its version.
        found: String,
        /// The oldest version that will do.
        needed: &'static str,
    },
    /// The file system does not support write-ahead logging.
    #[error("the database cannot be switched to write-ahead logging (its journal mode is {0})")]
    NoWriteAheadLog(String),
    /// Lengths would be counted differently.
    #[error(
        "the database's encoding is {0}: make it with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
    )]
    Encoding(String),
    /// Faults are told apart by what the server says.
    #[error(
        "the server speaks {0}, and its faults must be told apart: run `ALTER ROLE … SET lc_messages TO 'C'`"
    )]
    Language(String),
    /// The server did not prove by TLS who it is.
    #[error("the server did not prove who it is: {remedy}")]
    Unproven {
        /// What to do.
        remedy: &'static str,
        /// What was wrong.
        #[source]
        cause: diesel::ConnectionError,
    },
    /// The server was demoted.
    #[error("the server is a standby, which cannot be written to")]
    Standby,
}

/// A connection to a database that is there, with all settings.
pub(crate) fn connect(url: &DatabaseUrl, access: Access) -> Result<AnyConnection, ConnectError> {
    match url.place() {
        Place::Sqlite(path) => sqlite::connect(path, access).map(AnyConnection::Sqlite),
        #[cfg(feature = "postgres")]
        Place::Postgres(url) => postgres::connect(url, access).map(AnyConnection::Postgres),
    }
}

/// Finds out whether the database and its system can be relied on; the connection has no limits of time.
pub(crate) fn check(url: &DatabaseUrl) -> Result<AnyConnection, ConnectError> {
    match url.place() {
        Place::Sqlite(path) => sqlite::check(path).map(AnyConnection::Sqlite),
        #[cfg(feature = "postgres")]
        Place::Postgres(url) => postgres::check(url).map(AnyConnection::Postgres),
    }
}
