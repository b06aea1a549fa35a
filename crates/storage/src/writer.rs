//! Writes on SQLite: one thread that commits in groups.
//!
//! A commit waits for the disk, whatever it commits, so the thread takes everything that waits and commits it once.
//! A unit fails alone: its group is then run again, each unit under a savepoint. Nobody is answered before the commit: an
//! answer means that the change is durable.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use countersign_domain::failure::PortFailure;
use diesel::QueryResult;
use diesel::connection::TransactionManager;
use diesel::r2d2::R2D2Connection;
use diesel::result::Error;

use crate::backend::AnyConnection;
use crate::connect::{self, Access, ConnectError};
use crate::database::OpenError;
use crate::queue::{self, Job, Jobs};
use crate::sqlite::checkpoints::Checkpoints;
use crate::url::DatabaseUrl;

/// The most units in one transaction, so that the first does not wait for ever and other processes get their turn.
const LARGEST_GROUP: usize = 256;

/// Opens the connection and starts the thread, which ends when the queue is closed and empty.
pub(crate) fn start(url: DatabaseUrl, path: &Path, jobs: Jobs) -> Result<JoinHandle<()>, OpenError> {
    let mut connection = WriteConnection { url, open: None };
    connection.get()?;
    let mut checkpoints = Checkpoints::start(path)?;
    let work = move || {
        while let Some(first) = jobs.next() {
            let written = write(&mut connection, first, &jobs);
            checkpoints.written(written);
        }
    };
    Ok(thread::Builder::new().name("database-writer".to_owned()).spawn(work)?)
}

/// The connection, opened again after it broke.
struct WriteConnection {
    url: DatabaseUrl,
    open: Option<AnyConnection>,
}

impl WriteConnection {
    fn get(&mut self) -> Result<&mut AnyConnection, ConnectError> {
        let usable = self.open.take().and_then(|mut open| (!open.is_broken()).then_some(open));
        let connection = match usable {
            Some(connection) => connection,
            None => connect::connect(&self.url, Access::Write)?,
        };
        Ok(self.open.insert(connection))
    }
}

/// Writes a group and answers; tells how many units were committed.
fn write(connection: &mut WriteConnection, first: Box<dyn Job>, jobs: &Jobs) -> usize {
    let group = take_waiting(first, jobs);
    match connection.get() {
        Ok(connection) => write_group(connection, group, jobs),
        Err(cause) => fail_all(group, cause),
    }
}

fn take_waiting(first: Box<dyn Job>, jobs: &Jobs) -> Vec<Box<dyn Job>> {
    let mut group = vec![first];
    while group.len() < LARGEST_GROUP {
        let Some(job) = jobs.next_waiting() else { break };
        group.push(job);
    }
    group
}

/// Runs a group and whatever comes meanwhile in one transaction, commits it, and answers.
fn write_group(connection: &mut AnyConnection, group: Vec<Box<dyn Job>>, jobs: &Jobs) -> usize {
    if let Err(cause) = connection.begin_write() {
        return fail_all(group, cause);
    }
    let mut begun = Vec::with_capacity(group.len());
    let mut group = group.into_iter();
    while let Some(mut job) = group.next().or_else(|| more(&begun, jobs)) {
        if !job.begin() {
            continue;
        }
        let ran = job.run(connection);
        begun.push(job);
        if ran.is_err() || connection.transaction_depth() != Some(1) {
            roll_back(connection);
            let rest = group.filter_map(|mut job| job.begin().then_some(job));
            return write_apart(connection, begun.into_iter().chain(rest));
        }
    }
    commit(connection, begun)
}

/// Runs jobs each under a savepoint, because one of them has failed and is to fail alone. Others are spared the savepoints,
/// for which SQLite copies every page that it changes.
fn write_apart(connection: &mut AnyConnection, mut begun: impl Iterator<Item = Box<dyn Job>>) -> usize {
    if let Err(cause) = connection.begin_write() {
        return fail_all(begun, cause);
    }
    let mut done = Vec::new();
    while let Some(mut job) = begun.next() {
        let ran = run_alone(connection, &mut *job);
        done.push(job);
        if let Err(cause) = ran {
            // The transaction is gone, and with it what the units before this one have done.
            roll_back(connection);
            return fail_all(done.into_iter().chain(begun), cause);
        }
    }
    commit(connection, done)
}

fn commit(connection: &mut AnyConnection, done: Vec<Box<dyn Job>>) -> usize {
    let committed = done.len();
    match AnyConnection::commit_transaction(connection) {
        Ok(()) => {
            queue::answer_all(done);
            committed
        }
        Err(cause) => fail_all(done, cause),
    }
}

/// Ends the transaction, with the savepoints that a unit which panicked may have left open.
fn roll_back(connection: &mut AnyConnection) {
    while connection.transaction_depth().is_some_and(|depth| depth > 0) {
        if AnyConnection::rollback_transaction(connection).is_err() {
            break;
        }
    }
}

fn more(begun: &[Box<dyn Job>], jobs: &Jobs) -> Option<Box<dyn Job>> {
    if begun.len() < LARGEST_GROUP { jobs.next_waiting() } else { None }
}

/// Runs a job under a savepoint. `Err` when the transaction around it did not survive.
fn run_alone(connection: &mut AnyConnection, job: &mut dyn Job) -> QueryResult<()> {
    AnyConnection::begin_transaction(connection)?;
    if job.run(connection).is_ok() {
        AnyConnection::commit_transaction(connection)?;
    } else {
        // A unit that panicked may have left savepoints of its own open.
        while connection.transaction_depth().is_some_and(|depth| depth > 1) {
            AnyConnection::rollback_transaction(connection)?;
        }
    }
    // After some faults (a full disk) SQLite rolls everything back by itself.
    if connection.transaction_depth() == Some(1) { Ok(()) } else { Err(Error::NotInTransaction) }
}

/// Everybody is told that the outcome is unknown; nothing counts as committed.
fn fail_all(
    jobs: impl IntoIterator<Item = Box<dyn Job>>,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> usize {
    let cause = Arc::new(cause);
    jobs.into_iter().for_each(|job| job.fail(PortFailure::unavailable(cause.clone())));
    0
}

#[cfg(test)]
mod tests;
