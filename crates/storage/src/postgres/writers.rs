//! Writes on PostgreSQL: several threads, each unit in a transaction of its own. The server commits in groups by itself.

use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use diesel::QueryResult;
use diesel::connection::TransactionManager as _;
use diesel::result::Error;

use crate::backend::AnyConnection;
use crate::connect::Access;
use crate::database::OpenError;
use crate::failover::Failovers;
use crate::open_connections::OpenConnections;
use crate::pool::{self, ConnectionPool, Leased};
use crate::queue::{Job, Jobs, Neighbours};
use crate::unit::{Setback, is_conflict};
use crate::url::DatabaseUrl;

/// How often a unit is repeated after a conflict or on another connection.
const REPEATS: u32 = 3;
/// The longest pause before the first repetition; it doubles with each.
const PAUSE: Duration = Duration::from_millis(10);

/// Starts the threads; they end when the queue is closed and empty.
pub(crate) fn start(
    url: &DatabaseUrl,
    threads: NonZeroU32,
    failovers: Option<Failovers>,
    open: OpenConnections,
    jobs: &Jobs,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let pool = ConnectionPool::open(url, Access::Write, threads, failovers, open)?;
    let turns = Arc::new(RwLock::new(()));
    Ok(pool::serve("writer", threads, jobs, move |job, _| write(&pool, &turns, job))?)
}

/// How an attempt ended.
enum Ended {
    /// The job knows its result.
    Known,
    /// It is rolled back and can be repeated. The job knows a result that may be told, unless there is an error.
    Repeatable(Option<Error>),
    /// The server was asked to commit, and did not say what came of it.
    Unknown(Error),
}

/// A unit that lost a conflict is repeated while no other unit of this process runs, so that it does not lose again to
/// those who wait behind it.
fn write(pool: &ConnectionPool, turns: &RwLock<()>, mut job: Box<dyn Job>) {
    if !job.begin() {
        return;
    }
    let mut failure = None;
    for attempt in 0..=REPEATS {
        let mut leased = match pool.lease() {
            Ok(leased) => leased,
            Err(cause) => return job.fail(PortFailure::unavailable(cause)),
        };
        let ended = if attempt == 0 {
            let _together = turns.read().unwrap_or_else(PoisonError::into_inner);
            transact(&mut leased, &mut *job)
        } else {
            let _alone = turns.write().unwrap_or_else(PoisonError::into_inner);
            transact(&mut leased, &mut *job)
        };
        drop(leased);
        match ended {
            Ended::Known => return job.answer(Neighbours::default()),
            Ended::Unknown(cause) => return job.fail(PortFailure::unavailable(cause)),
            Ended::Repeatable(error) => failure = error,
        }
        if attempt < REPEATS {
            thread::sleep(pause(attempt));
        }
    }
    match failure {
        Some(cause) => job.fail(PortFailure::unavailable(cause)),
        None => job.answer(Neighbours::default()),
    }
}

fn transact(leased: &mut Leased, job: &mut dyn Job) -> Ended {
    if let Err(error) = leased.connection.begin_write() {
        leased.condemn();
        return Ended::Repeatable(Some(error));
    }
    match leased.run(job) {
        Ok(()) => commit(leased),
        Err(setback) => {
            if roll_back(&mut leased.connection).is_err() {
                leased.condemn();
            }
            match setback {
                Setback::Final => Ended::Known,
                Setback::Conflict | Setback::ConnectionLost => Ended::Repeatable(None),
            }
        }
    }
}

/// Nothing is repeated once COMMIT was sent, but for one answer: with 40001 the server says that it rolled back before
/// it wrote the commit.
fn commit(leased: &mut Leased) -> Ended {
    match AnyConnection::commit_transaction(&mut leased.connection) {
        Ok(()) => Ended::Known,
        Err(error) if is_conflict(&error) => Ended::Repeatable(Some(error)),
        Err(error) => {
            leased.condemn();
            Ended::Unknown(error)
        }
    }
}

/// A unit that panicked may have left savepoints of its own open.
fn roll_back(connection: &mut AnyConnection) -> QueryResult<()> {
    while connection.transaction_depth().ok_or(Error::BrokenTransactionManager)? > 0 {
        AnyConnection::rollback_transaction(connection)?;
    }
    Ok(())
}

/// Different for every caller, so that those who got in each other's way do not meet again.
fn pause(attempt: u32) -> Duration {
    let longest = PAUSE.saturating_mul(1 << attempt).as_micros();
    let random = u128::from(RandomState::new().hash_one(attempt));
    Duration::from_micros(u64::try_from(random % longest.max(1)).unwrap_or_default())
}
