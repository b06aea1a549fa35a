//! The handle that implements the ports.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use tokio::sync::watch;

use crate::backend::AnyConnection;
use crate::connect::ConnectError;
use crate::failover::Failovers;
use crate::migrate::{self, MigrateError};
use crate::open_connections::OpenConnections;
use crate::ports::health::LastCheck;
use crate::ports::quota::combiner::Combiner;
use crate::queue::Queue;
use crate::readers;
use crate::unit::UnitResult;
use crate::url::{DatabaseUrl, Place};
use crate::writer;

/// Calls that can wait for a reading thread.
const WAITING_READS: usize = 1_024;
/// Calls that can wait for a writing thread.
const WAITING_WRITES: usize = 1_024;

/// How a database is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DatabaseOptions {
    /// Threads that read at the same time, each with a connection; 4.
    pub readers: NonZeroU32,
    /// Threads that write to PostgreSQL at the same time, each with a connection; 8. SQLite has one.
    pub writers: NonZeroU32,
    /// How long a call waits for one of the threads of PostgreSQL before it is refused; 1 s.
    pub turn: Duration,
    /// Whether codes that a PostgreSQL primary may have accepted before another one took its place are refused for as
    /// long as they are good; true. A cluster that loses no acknowledged write does not need it.
    pub failover_quarantine: bool,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            readers: NonZeroU32::MIN.saturating_add(3),
            writers: NonZeroU32::MIN.saturating_add(7),
            turn: Duration::from_secs(1),
            failover_quarantine: true,
        }
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no usable connection; [`ConnectError::Missing`] when there is no file.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The schema is older than this program.
    #[error(
        "the schema of {url} is not up to date ({} missing): run `countersign migrate up`",
        pending.join(", ")
    )]
    NotMigrated {
        /// Which database.
        url: DatabaseUrl,
        /// Migrations that are not applied, in their order.
        pending: Vec<String>,
    },
    /// The state of the schema could not be found out.
    #[error("the state of the schema cannot be found out")]
    Schema(#[source] MigrateError),
    /// The pool of connections could not be filled.
    #[error("no connection to the database")]
    Pool(#[from] r2d2::Error),
    /// A thread could not be started.
    #[error("a thread for the database cannot be started")]
    Thread(#[from] std::io::Error),
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Connect(error) => Self::Connect(error),
            other => Self::Schema(other),
        }
    }
}

/// A database that is open. Clones share its threads, which end with the last clone. Its methods are called on a
/// Tokio runtime that has timers.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

/// The writer goes last: whoever closes the last connection to a SQLite file tidies up its log.
struct Inner {
    reads: Workers,
    writes: Workers,
    last_check: LastCheck,
    combiner: Arc<Combiner>,
    failovers: Failovers,
    /// Stands behind the threads: they have ended before the rest of the connections is waited for.
    _closing: Closing,
    /// Stands last: nobody hears of an end that has not come.
    open: watch::Sender<()>,
}

/// Waits for what the pools still close, or open for nobody, on threads of their own.
struct Closing(OpenConnections);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.wait_for_none();
    }
}

/// A queue with the threads that serve it. The queue stands first: it is closed first, so that the threads end and
/// can be waited for.
struct Workers {
    queue: Queue,
    _threads: Threads,
}

impl Database {
    /// Opens a database whose schema is up to date. Blocks until the first connections stand.
    pub fn open(url: &DatabaseUrl, options: DatabaseOptions) -> Result<Self, OpenError> {
        let pending = migrate::pending(url)?;
        if !pending.is_empty() {
            return Err(OpenError::NotMigrated { url: url.clone(), pending });
        }
        let turn = if url.sqlite_path().is_some() { None } else { Some(options.turn) };
        let open = OpenConnections::default();
        let (queue, jobs) = Queue::new(WAITING_READS, turn);
        let threads = Threads(readers::start(url, options.readers, open.clone(), &jobs)?);
        let reads = Workers { queue, _threads: threads };
        let failovers = Failovers::default();
        let (queue, jobs) = Queue::new(WAITING_WRITES, turn);
        let threads = match url.place() {
            Place::Sqlite(path) => vec![writer::start(url.clone(), path, jobs)?],
            #[cfg(feature = "postgres")]
            Place::Postgres(_) => {
                let watch = options.failover_quarantine.then(|| failovers.clone());
                crate::postgres::writers::start(url, options.writers, watch, open.clone(), &jobs)?
            }
        };
        let writes = Workers { queue, _threads: Threads(threads) };
        let (last_check, combiner) = (LastCheck::default(), Arc::default());
        let (closing, (open, _)) = (Closing(open), watch::channel(()));
        Ok(Self(Arc::new(Inner { reads, writes, last_check, combiner, failovers, _closing: closing, open })))
    }

    /// Waits until the last clone is gone and its connections are closed. It keeps no clone itself.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut open = self.0.open.subscribe();
        async move { while open.changed().await.is_ok() {} }
    }

    /// Runs a unit that only reads.
    pub(crate) async fn read<T, F>(&self, unit: F) -> Result<T, PortFailure>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
    {
        self.0.reads.queue.run(unit).await
    }

    /// Runs a unit in a transaction; it is durable when this returns `Ok`.
    pub(crate) async fn write<T, F>(&self, unit: F) -> Result<T, PortFailure>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
    {
        self.0.writes.queue.run(unit).await
    }

    /// What the primary may have forgotten.
    pub(crate) fn failovers(&self) -> &Failovers {
        &self.0.failovers
    }

    pub(crate) fn last_check(&self) -> &LastCheck {
        &self.0.last_check
    }

    pub(crate) fn combiner(&self) -> &Arc<Combiner> {
        &self.0.combiner
    }
}

/// Threads that have been told to end. Waiting for them means that what was begun is done and connections are closed.
struct Threads(Vec<JoinHandle<()>>);

impl Drop for Threads {
    fn drop(&mut self) {
        for handle in self.0.drain(..) {
            // A thread cannot wait for itself, should a unit have held the last clone.
            if handle.thread().id() != thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use diesel::prelude::*;

    use super::*;
    use crate::schema::write_probe;
    use crate::unit::UnitFailure;

    fn migrated() -> (Database, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("a.db").display()).parse().unwrap();
        migrate::up(&url).unwrap();
        let one_reader = DatabaseOptions { readers: NonZeroU32::MIN, ..DatabaseOptions::default() };
        (Database::open(&url, one_reader).unwrap(), directory)
    }

    async fn probe(database: &Database) -> Result<i64, PortFailure> {
        database.read(|c| Ok(write_probe::table.select(write_probe::writes).first(c)?)).await
    }

    #[tokio::test]
    async fn a_read_that_panics_fails_alone() {
        let (database, _directory) = migrated();
        let panicking = database.read(|c| {
            c.transaction(|_| {
                assert_eq!(1, 2, "on purpose");
                Ok::<_, UnitFailure>(())
            })
        });
        assert!(matches!(panicking.await, Err(PortFailure::Other(_))));
        assert_eq!(probe(&database).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_read_cannot_write() {
        let (database, _directory) = migrated();
        let writing = database.read(|c| {
            diesel::update(write_probe::table).set(write_probe::writes.eq(1)).execute(c)?;
            Ok(())
        });
        assert!(writing.await.is_err());
        assert_eq!(probe(&database).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_was_written_is_read_at_once() {
        let (database, _directory) = migrated();
        let written = database.write(|c| {
            diesel::update(write_probe::table).set(write_probe::writes.eq(7)).execute(c)?;
            Ok(())
        });
        written.await.unwrap();
        assert_eq!(probe(&database).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_clone_keeps_the_database_open() {
        let (database, _directory) = migrated();
        let clone = database.clone();
        drop(database);
        assert_eq!(probe(&clone).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn it_is_closed_when_the_last_clone_is_gone() {
        let (database, directory) = migrated();
        let (closed, clone) = (database.closed(), database.clone());
        let mut closed = std::pin::pin!(closed);
        drop(database);
        tokio::select! {
            biased;
            () = &mut closed => panic!("a clone is open"),
            writes = probe(&clone) => assert_eq!(writes.unwrap(), 0),
        }
        drop(clone);
        closed.await;
        assert!(!directory.path().join("a.db-wal").exists());
    }

    #[tokio::test]
    async fn a_unit_that_takes_long_does_not_hold_up_the_runtime() {
        let (database, _directory) = migrated();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let waits = |gate: Arc<Mutex<std::sync::mpsc::Receiver<()>>>| {
            move |_: &mut AnyConnection| {
                gate.lock().unwrap().recv().unwrap();
                Ok(())
            }
        };
        // The runtime has this one thread: if a unit ran on it, nobody could open the gate.
        let opening = async {
            open.send(()).unwrap();
            open.send(()).unwrap();
        };
        let (reading, writing) = (database.read(waits(gate.clone())), database.write(waits(gate)));
        let (read, written, ()) = tokio::join!(reading, writing, opening);
        read.and(written).unwrap();
    }
}
