//! Connections to a SQLite file.

pub(crate) mod checkpoints;

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;

use crate::connect::{Access, ConnectError};
use crate::filesystem;

/// The oldest release without the WAL-reset race: 3.51.3.
const OLDEST: [u32; 3] = [3, 51, 3];

/// `busy_timeout` stands first, because the others may have to wait already. `trusted_schema` keeps functions with
/// side effects out of the schema, `secure_delete` overwrites what is deleted, and temporary data stays in memory.
/// A connection keeps 8 MiB of pages. A log of 48 MiB is copied by whoever writes, see [`checkpoints`]; one that has grown beyond
/// 64 MiB shrinks when it begins anew.
const SETTINGS: &str = "PRAGMA busy_timeout = 5000;
     PRAGMA synchronous = FULL;
     PRAGMA foreign_keys = ON;
     PRAGMA trusted_schema = OFF;
     PRAGMA secure_delete = ON;
     PRAGMA cell_size_check = ON;
     PRAGMA temp_store = MEMORY;
     PRAGMA cache_size = -8192;
     PRAGMA wal_autocheckpoint = 12000;
     PRAGMA journal_size_limit = 67108864;";

/// How long a new database may be held by others that switch it to write-ahead logging; as `busy_timeout`.
const SWITCHING: Duration = Duration::from_secs(5);
/// How long to wait before the switch is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// Makes an empty database that only its owner can read, unless the file is there. SQLite gives its log the
/// same mode.
pub(crate) fn create(path: &Path) -> Result<(), ConnectError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // An existing file is not even opened: closing it would drop this process's locks on it (fcntl(2)).
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
            Err(ConnectError::Create { path: path.to_owned(), cause })
        }
        _ => Ok(()),
    }
}

/// A connection to an existing file, with all settings.
pub(crate) fn connect(path: &Path, access: Access) -> Result<SqliteConnection, ConnectError> {
    let mut connection = SqliteConnection::establish(&uri(path)?)?;
    connection.batch_execute(SETTINGS)?;
    switch_to_write_ahead_log(&mut connection)?;
    if access == Access::Read {
        connection.batch_execute("PRAGMA query_only = ON;")?;
    }
    Ok(connection)
}

/// Of connections that switch a new database at the same time SQLite lets one through and tells the others at once that
/// it is locked, whatever `busy_timeout` says: waiting inside could be a deadlock.
fn switch_to_write_ahead_log(connection: &mut SqliteConnection) -> QueryResult<()> {
    let since = Instant::now();
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL;") {
            Err(Error::DatabaseError(_, told))
                if told.message() == "database is locked" && since.elapsed() < SWITCHING =>
            {
                thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// Finds out whether the file, its place and the library can be relied on.
pub(crate) fn check(path: &Path) -> Result<SqliteConnection, ConnectError> {
    if !path.exists() {
        return Err(ConnectError::Missing(path.to_owned()));
    }
    filesystem::check(path)?;
    let mut connection = connect(path, Access::Migrate)?;
    let found: String =
        diesel::select(diesel::dsl::sql::<Text>("sqlite_version()")).get_result(&mut connection)?;
    if !is_recent(&found) {
        return Err(ConnectError::TooOld { system: "SQLite", found, needed: "3.51.3" });
    }
    let mode = diesel::dsl::sql::<Text>("PRAGMA journal_mode").get_result::<String>(&mut connection)?;
    if mode != "wal" {
        return Err(ConnectError::NoWriteAheadLog(mode));
    }
    Ok(connection)
}

fn is_recent(version: &str) -> bool {
    let numbers: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    numbers.as_slice() >= OLDEST.as_slice()
}

/// A URI, because only a URI can say that a missing file must not be made.
fn uri(path: &Path) -> Result<String, ConnectError> {
    let absolute =
        std::path::absolute(path).map_err(|cause| ConnectError::Create { path: path.to_owned(), cause })?;
    let encoded = absolute.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Ok(format!("file:{encoded}?mode=rw"))
}

#[cfg(test)]
mod tests;
