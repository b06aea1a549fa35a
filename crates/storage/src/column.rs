//! Between columns and the vocabulary of the domain. Whatever a row holds is checked here.

use std::str::FromStr;

use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId, Subject, UserId};
use countersign_domain::time::Timestamp;

/// The row's column holds what the code never writes.
pub(crate) fn corrupt(column: &'static str) -> PortFailure {
    PortFailure::corrupt(format!("the column {column} holds an impossible value"))
}

/// An id or a word of a closed vocabulary.
pub(crate) fn parse<T: FromStr>(column: &'static str, text: &str) -> Result<T, PortFailure> {
    text.parse().map_err(|_| corrupt(column))
}

/// A number that is narrower in the domain than in the database.
pub(crate) fn number<From, To: TryFrom<From>>(column: &'static str, value: From) -> Result<To, PortFailure> {
    To::try_from(value).map_err(|_| corrupt(column))
}

/// A value that a `CHECK` says is there in this state of the row.
pub(crate) fn present<T>(column: &'static str, value: Option<T>) -> Result<T, PortFailure> {
    value.ok_or_else(|| corrupt(column))
}

pub(crate) fn user(column: &'static str, text: String) -> Result<UserId, PortFailure> {
    UserId::new(text).map_err(|_| corrupt(column))
}

/// A number on its way into a signed column of 64 bits.
pub(crate) fn storable(value: u64) -> Result<i64, PortFailure> {
    i64::try_from(value).map_err(|_| PortFailure::other("a number above 2^63 - 1 cannot be stored"))
}

pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// The key of what belongs to a user, in the order of the columns.
pub(crate) type SubjectKey = (String, &'static str, String);

pub(crate) fn subject_key(subject: &Subject) -> SubjectKey {
    (subject.organization.to_string(), subject.environment.as_str(), subject.user.as_str().to_owned())
}

/// The subject that a row belongs to.
pub(crate) fn subject(
    organization: &str,
    environment: &str,
    user_id: String,
) -> Result<Subject, PortFailure> {
    Ok(Subject {
        organization: parse::<OrganizationId>("organization_id", organization)?,
        environment: parse::<Environment>("environment", environment)?,
        user: user("user_id", user_id)?,
    })
}
