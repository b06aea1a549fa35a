//! Connections to a PostgreSQL server.

mod timeline;
mod tls;
mod url;
pub(crate) mod writers;

use diesel::connection::Connection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

pub(crate) use self::timeline::watch;
pub(crate) use self::url::PostgresUrl;
use crate::connect::{Access, ConnectError};

/// The oldest release that the tests run on: 15.
const OLDEST: u32 = 15;

/// A connection with all settings; they are part of the connection, so that nothing in it takes them back.
pub(crate) fn connect(url: &PostgresUrl, access: Access) -> Result<PgConnection, ConnectError> {
    PgConnection::establish(&url.for_libpq(access)).map_err(tls::refused)
}

/// Finds out whether the server can be relied on.
pub(crate) fn check(url: &PostgresUrl) -> Result<PgConnection, ConnectError> {
    let mut connection = connect(url, Access::Migrate)?;
    let found = setting(&mut connection, "server_version")?;
    if !is_recent(&found) {
        return Err(ConnectError::TooOld { system: "PostgreSQL", found, needed: "15" });
    }
    let encoding = setting(&mut connection, "server_encoding")?;
    if encoding != "UTF8" {
        return Err(ConnectError::Encoding(encoding));
    }
    let language = setting(&mut connection, "lc_messages")?;
    if !is_english(&language) {
        return Err(ConnectError::Language(language));
    }
    Ok(connection)
}

/// Whether the server has stopped being the one to write to since the connection was made.
pub(crate) fn is_standby(connection: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::sql::<Bool>("pg_is_in_recovery()")).get_result(connection)
}

fn setting(connection: &mut PgConnection, name: &'static str) -> QueryResult<String> {
    diesel::select(diesel::dsl::sql::<Text>(&format!("current_setting('{name}')"))).get_result(connection)
}

fn is_recent(version: &str) -> bool {
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u32>().is_ok_and(|major| major >= OLDEST)
}

fn is_english(language: &str) -> bool {
    ["C", "POSIX"].contains(&language) || language.starts_with("C.") || language.starts_with("en")
}

#[cfg(test)]
mod tests;
