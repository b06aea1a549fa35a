//! Reads: a few threads, each with one pooled connection at a time.

use std::num::NonZeroU32;
use std::thread::JoinHandle;

use countersign_domain::failure::PortFailure;

use crate::connect::Access;
use crate::database::OpenError;
use crate::open_connections::OpenConnections;
use crate::pool::{self, ConnectionPool};
use crate::queue::{Job, Jobs};
use crate::unit::Setback;
use crate::url::DatabaseUrl;

/// How often a read is tried.
const TRIES: u32 = 4;

/// Starts the threads; they end when the queue is closed and empty.
pub(crate) fn start(
    url: &DatabaseUrl,
    threads: NonZeroU32,
    open: OpenConnections,
    jobs: &Jobs,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let pool = ConnectionPool::open(url, Access::Read, threads, None, open)?;
    Ok(pool::serve("reader", threads, jobs, move |job| read(&pool, job))?)
}

fn read(pool: &ConnectionPool, mut job: Box<dyn Job>) {
    if !job.begin() {
        return;
    }
    for _ in 0..TRIES {
        match pool.lease() {
            Ok(mut leased) => match leased.run(&mut *job) {
                Ok(()) | Err(Setback::Final) => break,
                Err(Setback::Conflict | Setback::ConnectionLost) => {}
            },
            Err(cause) => return job.fail(PortFailure::unavailable(cause)),
        }
    }
    job.answer();
}
