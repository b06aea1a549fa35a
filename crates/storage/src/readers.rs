//! Reads: a few threads, each with one pooled connection at a time.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use diesel::r2d2::R2D2Connection;
use r2d2::{ManageConnection, Pool};

use crate::backend::AnyConnection;
use crate::database::OpenError;
use crate::queue::{Job, Jobs};
use crate::sqlite::{self, Access, ConnectError};
use crate::url::DatabaseUrl;

/// How long a thread waits for a connection; there are as many as threads.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(1);

/// Opens connections that only read.
struct ReadConnections(DatabaseUrl);

impl ManageConnection for ReadConnections {
    type Connection = AnyConnection;
    type Error = ConnectError;

    fn connect(&self) -> Result<AnyConnection, ConnectError> {
        sqlite::connect(self.0.sqlite_path(), Access::Read).map(AnyConnection::Sqlite)
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), ConnectError> {
        Ok(connection.ping()?)
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        connection.is_broken()
    }
}

/// Starts the threads; they end when the queue is closed and empty.
pub(crate) fn start(
    url: &DatabaseUrl,
    threads: NonZeroU32,
    jobs: Jobs,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let pool = Pool::builder()
        .max_size(threads.get())
        .connection_timeout(Duration::from_secs(10))
        // A local file gives no reason to replace a connection that works.
        .max_lifetime(None)
        .idle_timeout(None)
        .test_on_check_out(false)
        .build(ReadConnections(url.clone()))?;
    let jobs = Arc::new(Mutex::new(jobs));
    let start_one = |number| {
        let (pool, jobs) = (pool.clone(), jobs.clone());
        thread::Builder::new().name(format!("database-reader-{number}")).spawn(move || {
            while let Some(job) = next(&jobs) {
                read(&pool, job);
            }
        })
    };
    Ok((0..threads.get()).map(start_one).collect::<Result<_, _>>()?)
}

/// One thread at a time waits for the next job; the others wait for their turn to do so.
fn next(jobs: &Mutex<Jobs>) -> Option<Box<dyn Job>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

fn read(pool: &Pool<ReadConnections>, mut job: Box<dyn Job>) {
    if job.is_abandoned() {
        return;
    }
    match pool.get_timeout(WAIT_FOR_CONNECTION) {
        Ok(mut connection) => {
            job.run(&mut connection);
            job.answer();
        }
        Err(cause) => job.fail(PortFailure::unavailable(cause)),
    }
}
