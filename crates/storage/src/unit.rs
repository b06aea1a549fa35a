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
        }
    }
}

/// What SQLite says, word for word, when trying later may help. Diesel keeps no result code for these.
const PASSING: [&str; 7] = [
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
    "out of memory",
];

/// What SQLite says when the file itself is broken.
const BROKEN: [&str; 2] = ["database disk image is malformed", "file is not a database"];

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

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite_says(message: &str) -> PortFailure {
        database_failure(Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())))
    }

    #[test]
    fn what_may_pass_is_unavailable_and_what_is_broken_is_corrupt() {
        assert!(matches!(sqlite_says("database is locked"), PortFailure::Unavailable(_)));
        assert!(matches!(sqlite_says("database or disk is full"), PortFailure::Unavailable(_)));
        assert!(matches!(sqlite_says("database disk image is malformed"), PortFailure::Corrupt(_)));
        assert!(matches!(sqlite_says("no such table: factors"), PortFailure::Other(_)));
    }
}
