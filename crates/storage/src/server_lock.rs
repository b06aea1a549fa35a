//! One server for each SQLite file. Commands may work beside it; a second server may not. Servers share PostgreSQL.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::url::DatabaseUrl;

/// Held by the server that uses a database; released when dropped, and by the operating system when the process
/// ends in whatever way.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

/// Why the lock is not held.
#[derive(Debug, thiserror::Error)]
pub enum ServerLockError {
    /// Another server holds it.
    #[error("another server uses {0}: one SQLite file serves one server")]
    Held(DatabaseUrl),
    /// The lock file cannot be used.
    #[error("the lock file {} cannot be used", path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl ServerLock {
    /// Takes the lock, or says at once who stands in the way. The lock is a file beside the database, because a
    /// second descriptor of the database itself would end SQLite's own locks when it is closed (fcntl(2)).
    ///
    /// `None` when the URL names no file.
    pub fn acquire(url: &DatabaseUrl) -> Result<Option<Self>, ServerLockError> {
        let Some(database) = url.sqlite_path() else { return Ok(None) };
        let path = lock_path(database);
        let unusable = |cause| ServerLockError::Unusable { path: path.clone(), cause };
        let file = open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Err(ServerLockError::Held(url.clone())),
            Err(TryLockError::Error(cause)) => Err(unusable(cause)),
        }
    }
}

/// `PATH.server-lock`, the same one whichever link leads to the database.
fn lock_path(database: &Path) -> PathBuf {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let mut path = real.into_os_string();
    path.push(".server-lock");
    PathBuf::from(path)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_until_the_first_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::parse(&format!("sqlite:{}", directory.path().join("a.db").display())).unwrap();
        let first = ServerLock::acquire(&url).unwrap();
        assert!(matches!(ServerLock::acquire(&url), Err(ServerLockError::Held(_))));
        drop(first);
        assert!(ServerLock::acquire(&url).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_the_same_lock() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("a.db"), directory.path().join("b.db"));
        std::fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let url = |path: &Path| DatabaseUrl::parse(&format!("sqlite:{}", path.display())).unwrap();
        let _first = ServerLock::acquire(&url(&real)).unwrap();
        assert!(matches!(ServerLock::acquire(&url(&link)), Err(ServerLockError::Held(_))));
    }

    #[test]
    fn a_directory_that_is_missing_is_named() {
        let url = DatabaseUrl::parse("sqlite:/nowhere/at/all.db").unwrap();
        let refused = ServerLock::acquire(&url).unwrap_err();
        assert!(refused.to_string().contains("/nowhere/at/all.db.server-lock"));
    }
}
