//! The log is copied into the database by a thread of its own, while others write.
//!
//! SQLite does it at the end of a commit, so that everybody who waits for that commit also waits for the copy and for the
//! disk to have it. Here the writer only tells how much it has written. SQLite begins the log anew when all of it is copied; under
//! load the copy is always a little behind, and the connection that writes copies the rest when the log gets long.

use std::path::Path;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;
use diesel::connection::SimpleConnection as _;

use crate::connect::Access;
use crate::database::OpenError;

/// Units of work between two copies. One changes some three pages, which makes a copy of about 6 MiB.
const UNITS: usize = 512;

/// The thread that copies. It ends when this is dropped.
pub(crate) struct Checkpoints {
    /// Holds at most one wish: a copy takes all there is.
    due: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    uncopied: usize,
}

impl Checkpoints {
    pub(crate) fn start(path: &Path) -> Result<Self, OpenError> {
        let mut connection = super::connect(path, Access::Write)?;
        let (due, wishes) = crossbeam_channel::bounded(1);
        let work = move || {
            while wishes.recv().is_ok() {
                // Nothing is lost by a copy that fails: the log has everything, and the next copy begins where this one did.
                let _ = connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)");
            }
        };
        let thread = thread::Builder::new().name("database-copier".to_owned()).spawn(work)?;
        Ok(Self { due: Some(due), thread: Some(thread), uncopied: 0 })
    }

    /// So many units more are in the log.
    pub(crate) fn written(&mut self, units: usize) {
        self.uncopied = self.uncopied.saturating_add(units);
        if self.uncopied < UNITS {
            return;
        }
        self.uncopied = 0;
        if let Some(due) = &self.due {
            let _ = due.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.due = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    use diesel::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_gets_into_the_database_while_it_is_open() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        super::super::create(&path).unwrap();
        let mut writer = super::super::connect(&path, Access::Write).unwrap();
        let mut checkpoints = Checkpoints::start(&path).unwrap();
        writer.batch_execute("CREATE TABLE notes (text TEXT NOT NULL)").unwrap();
        let before = fs::metadata(&path).unwrap().len();
        for _ in 0..UNITS {
            diesel::sql_query("INSERT INTO notes VALUES (hex(randomblob(500)))")
                .execute(&mut writer)
                .unwrap();
            checkpoints.written(1);
        }
        let copied = || fs::metadata(&path).unwrap().len() > before;
        let since = Instant::now();
        while !copied() {
            assert!(since.elapsed() < Duration::from_secs(30), "nothing was copied");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(path.with_file_name("a.db-wal").exists());
    }

    #[test]
    fn a_little_is_left_in_the_log() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        super::super::create(&path).unwrap();
        let mut writer = super::super::connect(&path, Access::Write).unwrap();
        let mut checkpoints = Checkpoints::start(&path).unwrap();
        let before = fs::metadata(&path).unwrap().len();
        writer.batch_execute("CREATE TABLE notes (text TEXT NOT NULL)").unwrap();
        checkpoints.written(UNITS - 1);
        // Waits for the thread, which has nothing to do.
        drop(checkpoints);
        assert_eq!(fs::metadata(&path).unwrap().len(), before);
    }
}
