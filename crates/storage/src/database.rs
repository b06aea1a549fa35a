//! The handle that implements the ports.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use countersign_domain::failure::PortFailure;

use crate::backend::AnyConnection;
use crate::migrate::{self, MigrateError};
use crate::ports::health::LastCheck;
use crate::queue::Queue;
use crate::readers::{self, StartReadersError};
use crate::sqlite::ConnectError;
use crate::unit::UnitResult;
use crate::url::DatabaseUrl;
use crate::writer;

/// Calls that can wait for a reading thread.
const WAITING_READS: usize = 1_024;
/// Calls that can wait for the writing thread.
const WAITING_WRITES: usize = 1_024;

/// How a database is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DatabaseOptions {
    /// Threads that read at the same time, each with a connection; 4.
    pub readers: NonZeroU32,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self { readers: NonZeroU32::MIN.saturating_add(3) }
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no usable connection.
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
    #[error(transparent)]
    Schema(#[from] MigrateError),
    /// The pool of connections could not be filled.
    #[error("no connection to the database")]
    Pool(#[from] r2d2::Error),
    /// A thread could not be started.
    #[error("a thread for the database cannot be started")]
    Thread(#[from] std::io::Error),
}

impl From<StartReadersError> for OpenError {
    fn from(error: StartReadersError) -> Self {
        match error {
            StartReadersError::Pool(cause) => Self::Pool(cause),
            StartReadersError::Thread(cause) => Self::Thread(cause),
        }
    }
}

/// A database that is open. Clones share its threads, which end with the last clone.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

/// The queues stand before the threads: they are closed first, so that the threads end and can be waited for.
struct Inner {
    reads: Queue,
    writes: Queue,
    last_check: LastCheck,
    _threads: Threads,
}

impl Database {
    /// Opens a database whose schema is up to date. Blocks until the first connections stand.
    pub fn open(url: &DatabaseUrl, options: DatabaseOptions) -> Result<Self, OpenError> {
        let pending = migrate::pending(url)?;
        if !pending.is_empty() {
            return Err(OpenError::NotMigrated { url: url.clone(), pending });
        }
        let (reads, read_jobs) = Queue::new(WAITING_READS);
        let (writes, write_jobs) = Queue::new(WAITING_WRITES);
        let mut threads = readers::start(url, options.readers, read_jobs)?;
        threads.push(writer::start(url.clone(), write_jobs)?);
        let last_check = LastCheck::default();
        Ok(Self(Arc::new(Inner { reads, writes, last_check, _threads: Threads(threads) })))
    }

    /// Runs a unit that only reads.
    pub(crate) async fn read<T, F>(&self, unit: F) -> Result<T, PortFailure>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
    {
        self.0.reads.run(unit).await
    }

    /// Runs a unit in a transaction; it is durable when this returns `Ok`.
    pub(crate) async fn write<T, F>(&self, unit: F) -> Result<T, PortFailure>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
    {
        self.0.writes.run(unit).await
    }

    pub(crate) fn last_check(&self) -> &LastCheck {
        &self.0.last_check
    }
}

/// Threads that have been told to end. Waiting for them closes the connections, and SQLite tidies up its log.
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
