//! A unit of work on a connection: what may go wrong in it, and how that is told to the domain.

use countersign_domain::failure::PortFailure;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::backend::AnyConnection;

/// Why a unit did not come to its end; it is rolled back.
#[derive(Debug)]
pub(crate) enum UnitFailure {
    /// The database refused or failed.
    Database(Error),
    /// The unit itself could not go on.
    Port(PortFailure),
    /// A row of another transaction stands in the way, which this one does not see: it has to be repeated. That does not
    /// happen on SQLite.
    Conflict,
}

pub(crate) type UnitResult<T> = Result<T, UnitFailure>;

impl From<Error> for UnitFailure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<PortFailure> for UnitFailure {
    fn from(failure: PortFailure) -> Self {
        Self::Port(failure)
    }
}

impl From<UnitFailure> for PortFailure {
    fn from(failure: UnitFailure) -> Self {
        match failure {
            UnitFailure::Database(error) => database_failure(error),
            UnitFailure::Port(failure) => failure,
            UnitFailure::Conflict => PortFailure::unavailable("another transaction came between"),
        }
    }
}

/// What a failure means for the transaction and its connection. In each case nothing is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Setback {
    /// Repeating it would not help.
    Final,
    /// Another transaction came between; repeated, it may succeed.
    Conflict,
    /// The connection is dead or leads to a server that cannot be written to any more; on another one it may succeed.
    ConnectionLost,
}

impl Setback {
    pub(crate) fn of(failure: &UnitFailure) -> Self {
        match failure {
            UnitFailure::Conflict => Self::Conflict,
            UnitFailure::Database(error) if is_conflict(error) => Self::Conflict,
            UnitFailure::Database(error) if is_connection_lost(error) => Self::ConnectionLost,
            UnitFailure::Database(_) | UnitFailure::Port(_) => Self::Final,
        }
    }
}

/// SQLSTATE 40001, for which Diesel has a kind, and 40P01, for which there is only what the server says.
pub(crate) fn is_conflict(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, information) => information.message() == "deadlock detected",
        _ => false,
    }
}

/// SQLSTATE 25006; and 08xxx, 57P01 to 57P03 and whatever else ends the connection, which libpq notices.
fn is_connection_lost(error: &Error) -> bool {
    use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UnableToSendCommand};
    matches!(
        error,
        Error::DatabaseError(ClosedConnection | ReadOnlyTransaction | UnableToSendCommand, _)
            | Error::BrokenTransactionManager
    )
}

/// What SQLite and PostgreSQL say, word for word, when trying later may help. Diesel keeps no result code for these.
const PASSING: [&str; 14] = [
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
    "out of memory",
    "canceling statement due to lock timeout",
    "canceling statement due to statement timeout",
    "deadlock detected",
    "could not extend file",
    "could not write to file",
    "out of shared memory",
    "the database system is",
];

/// What they say when the data itself is broken.
const BROKEN: [&str; 3] =
    ["database disk image is malformed", "file is not a database", "invalid page in block"];

fn database_failure(error: Error) -> PortFailure {
    match &error {
        Error::DeserializationError(_) => PortFailure::corrupt(error),
        Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => {
            PortFailure::unavailable(error)
        }
        Error::DatabaseError(kind, information) => {
            let says = |texts: &[&str]| texts.iter().any(|text| information.message().starts_with(text));
            match kind {
                DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand => PortFailure::unavailable(error),
                _ if says(&PASSING) => PortFailure::unavailable(error),
                _ if says(&BROKEN) => PortFailure::corrupt(error),
                _ => PortFailure::other(error),
            }
        }
        _ => PortFailure::other(error),
    }
}

/// Inserts a row whose primary key decides whether it is new: `false` when it was there already. The savepoint
/// keeps the transaction usable on systems where a violation would abort it.
pub(crate) fn insert_new(
    connection: &mut AnyConnection,
    insert: impl FnOnce(&mut AnyConnection) -> QueryResult<usize>,
) -> QueryResult<bool> {
    match connection.transaction(insert) {
        Ok(_) => Ok(true),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The outcome of inserting a row that is not there as far as this transaction sees. When it is there, another
/// transaction came between.
pub(crate) fn inserted(insert: QueryResult<usize>) -> UnitResult<()> {
    match insert {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(UnitFailure::Conflict),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_says(message: &str) -> PortFailure {
        database_failure(Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())))
    }

    #[test]
    fn what_may_pass_is_unavailable_and_what_is_broken_is_corrupt() {
        assert!(matches!(database_says("database is locked"), PortFailure::Unavailable(_)));
        assert!(matches!(database_says("database or disk is full"), PortFailure::Unavailable(_)));
        assert!(matches!(database_says("database disk image is malformed"), PortFailure::Corrupt(_)));
        assert!(matches!(database_says("no such table: factors"), PortFailure::Other(_)));
        for message in ["canceling statement due to lock timeout", "deadlock detected"] {
            assert!(matches!(database_says(message), PortFailure::Unavailable(_)), "{message}");
        }
    }

    #[test]
    fn conflicts_are_repeated_and_lost_connections_replaced() {
        let failure = |kind, message: &str| {
            UnitFailure::Database(Error::DatabaseError(kind, Box::new(message.to_owned())))
        };
        for (kind, message, setback) in [
            (DatabaseErrorKind::SerializationFailure, "", Setback::Conflict),
            (DatabaseErrorKind::Unknown, "deadlock detected", Setback::Conflict),
            (DatabaseErrorKind::ReadOnlyTransaction, "", Setback::ConnectionLost),
            (DatabaseErrorKind::ClosedConnection, "", Setback::ConnectionLost),
            (DatabaseErrorKind::UnableToSendCommand, "", Setback::ConnectionLost),
            (DatabaseErrorKind::UniqueViolation, "", Setback::Final),
            (DatabaseErrorKind::Unknown, "canceling statement due to lock timeout", Setback::Final),
        ] {
            assert_eq!(Setback::of(&failure(kind, message)), setback, "{message}");
        }
    }
}
