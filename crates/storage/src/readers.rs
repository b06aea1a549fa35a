//! Reads: a few threads, each with one pooled connection at a time.

use std::num::NonZeroU32;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use countersign_domain::failure::PortFailure;

use crate::connect::Access;
use crate::database::OpenError;
use crate::open_connections::OpenConnections;
use crate::pool::{self, ConnectionPool, Lease};
use crate::queue::{self, Job, Jobs};
use crate::unit::Setback;
use crate::url::DatabaseUrl;

/// How often a read is tried.
const TRIES: u32 = 4;
/// The most reads of SQLite that are answered together.
const LARGEST_BATCH: usize = 16;
/// After this time no read is begun before the others are answered.
const LONGEST_BATCH: Duration = Duration::from_micros(250);

/// Starts the threads; they end when the queue is closed and empty.
pub(crate) fn start(
    url: &DatabaseUrl,
    threads: NonZeroU32,
    open: OpenConnections,
    jobs: &Jobs,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let pool = ConnectionPool::open(url, Access::Read, threads, None, open)?;
    // A server can keep a read waiting, and nobody's answer is to wait for that.
    let most = if url.sqlite_path().is_some() { LARGEST_BATCH } else { 1 };
    Ok(pool::serve("reader", threads, jobs, move |first, jobs| read(&pool, most, first, jobs))?)
}

/// Reads what waits, one after the other, and answers together: to wake a caller costs as much as a short read. None waits long
/// for that, for a batch ends after the first read that takes longer.
fn read(pool: &ConnectionPool, most: usize, first: Box<dyn Job>, jobs: &Jobs) {
    let since = Instant::now();
    let mut done = Vec::new();
    let mut lease = None;
    let mut next = Some(first);
    while let Some(job) = next {
        done.extend(read_one(pool, &mut lease, job));
        let is_full = done.len() == most || since.elapsed() > LONGEST_BATCH;
        next = if is_full { None } else { jobs.next_waiting() };
    }
    drop(lease);
    queue::answer_all(done);
}

/// The job, when there is something to answer. The connection is left in `lease` for the next job, if it is sound.
fn read_one(pool: &ConnectionPool, lease: &mut Option<Lease>, mut job: Box<dyn Job>) -> Option<Box<dyn Job>> {
    if !job.begin() {
        return None;
    }
    for _ in 0..TRIES {
        match lease.take().map_or_else(|| pool.lease(), Ok) {
            Ok(mut leased) => match leased.run(&mut *job) {
                Ok(()) => {
                    *lease = Some(leased);
                    break;
                }
                Err(Setback::Final) => break,
                Err(Setback::Conflict | Setback::ConnectionLost) => {}
            },
            Err(cause) => {
                job.fail(PortFailure::unavailable(cause));
                return None;
            }
        }
    }
    Some(job)
}
