//! The log is copied into the database by a thread of its own, while others write.
//!
//! SQLite does it at the end of a commit, so that everybody who waits for that commit also waits for the copy and for the
//! disk to have it. Here the writer only tells how much it has written. SQLite begins the log anew when all of it is copied; under
//! load the copy is always a little behind, and the connection that writes copies the rest when the log gets long.

use std::path::Path;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use diesel::sqlite::SqliteConnection;

use crate::connect::Access;
use crate::database::OpenError;

/// Units of work between two looks at the log.
const UNITS: usize = 256;
/// Pages that are copied together, 16 MiB: many units change the same pages, which are copied once. Three times as many, and the
/// connection that writes would copy them itself.
const PAGES: i32 = 4_096;

/// The thread that copies. It ends when this is dropped.
pub(crate) struct Checkpoints {
    /// Holds at most one wish: a look sees all there is.
    due: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Units since the last look.
    unseen: usize,
}

impl Checkpoints {
    pub(crate) fn start(path: &Path) -> Result<Self, OpenError> {
        let mut connection = super::connect(path, Access::Write)?;
        let (due, wishes) = crossbeam_channel::bounded(1);
        let work = move || {
            while wishes.recv().is_ok() {
                // Nothing is lost by a copy that fails: the log has everything, and the next copy begins where this one did.
                let _ = copy(&mut connection);
            }
        };
        let thread = thread::Builder::new().name("database-copier".to_owned()).spawn(work)?;
        Ok(Self { due: Some(due), thread: Some(thread), unseen: 0 })
    }

    /// So many units more are in the log.
    pub(crate) fn written(&mut self, units: usize) {
        self.unseen = self.unseen.saturating_add(units);
        if self.unseen < UNITS {
            return;
        }
        self.unseen = 0;
        if let Some(due) = &self.due {
            let _ = due.try_send(());
        }
    }
}

/// What SQLite tells of its log.
#[derive(QueryableByName)]
struct Log {
    /// Pages that are in it.
    #[diesel(sql_type = Integer)]
    log: i32,
    /// Pages that are copied of them.
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

/// Copies the log, if there is enough to copy.
fn copy(connection: &mut SqliteConnection) -> QueryResult<()> {
    let Log { log, checkpointed } =
        diesel::sql_query("PRAGMA wal_checkpoint(NOOP)").get_result(connection)?;
    if log.saturating_sub(checkpointed) < PAGES {
        return Ok(());
    }
    connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")
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
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use super::*;

    /// A database with its writing connection, and the thread.
    fn start(directory: &Path) -> (PathBuf, SqliteConnection, Checkpoints) {
        let path = directory.join("a.db");
        super::super::create(&path).unwrap();
        let mut writer = super::super::connect(&path, Access::Write).unwrap();
        writer.batch_execute("CREATE TABLE notes (text TEXT NOT NULL)").unwrap();
        let checkpoints = Checkpoints::start(&path).unwrap();
        (path, writer, checkpoints)
    }

    /// Puts so many pages into the log, and some more.
    fn fill(writer: &mut SqliteConnection, pages: i32) {
        let notes = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
             INSERT INTO notes SELECT hex(randomblob(2048)) FROM n";
        diesel::sql_query(notes).bind::<Integer, _>(pages).execute(writer).unwrap();
    }

    #[test]
    fn what_is_written_gets_into_the_database_while_it_is_open() {
        let directory = tempfile::tempdir().unwrap();
        let (path, mut writer, mut checkpoints) = start(directory.path());
        let before = fs::metadata(&path).unwrap().len();
        fill(&mut writer, PAGES);
        checkpoints.written(UNITS);
        let copied = || fs::metadata(&path).unwrap().len() > before;
        let since = Instant::now();
        while !copied() {
            assert!(since.elapsed() < Duration::from_secs(30), "nothing was copied");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(path.with_file_name("a.db-wal").exists());
    }

    #[test]
    fn a_little_is_left_in_the_log_and_nobody_looks_too_often() {
        for (pages, units) in [(1, UNITS), (PAGES, UNITS - 1)] {
            let directory = tempfile::tempdir().unwrap();
            let (path, mut writer, mut checkpoints) = start(directory.path());
            let before = fs::metadata(&path).unwrap().len();
            fill(&mut writer, pages);
            checkpoints.written(units);
            // Waits for the thread, which has nothing to copy.
            drop(checkpoints);
            assert_eq!(fs::metadata(&path).unwrap().len(), before, "{pages} pages in {units} units");
        }
    }
}
