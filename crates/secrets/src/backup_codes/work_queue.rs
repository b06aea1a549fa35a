//! Sets of jobs wait here for a thread: first come, first served, bounded, and forgotten when nobody wants
//! them any more.
//!
//! A thread takes a batch: jobs of one cost that it computes together. A batch is made of what waits at the
//! moment; no thread ever waits for more.

use std::collections::VecDeque;
use std::iter;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use countersign_bcrypt_lanes::Cost;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// As many sets wait as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sets of backup codes wait to be hashed")]
pub(super) struct Overloaded;

/// What becomes of a set. The channel ends without all of its results when the queue is stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress<R> {
    /// Its first job is taken.
    Begun,
    /// The job with this number is done.
    Done(usize, R),
}

/// The bounds of a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    /// The most sets that wait and that no thread has begun.
    pub(super) waiting_sets: NonZeroUsize,
    /// The most jobs in a batch.
    pub(super) batch: NonZeroUsize,
}

/// The queue. Whoever drops the receiver of a set withdraws it: none of its jobs is begun after that.
pub(super) struct WorkQueue<J, R> {
    state: Mutex<State<J, R>>,
    changed: Condvar,
    limits: QueueLimits,
}

struct State<J, R> {
    sets: VecDeque<Set<J, R>>,
    /// Threads that have nothing to do.
    idle: usize,
    stopped: bool,
}

struct Set<J, R> {
    cost: Cost,
    jobs: VecDeque<(usize, J)>,
    begun: bool,
    progress: UnboundedSender<Progress<R>>,
}

/// Jobs of one cost that a thread has taken.
pub(super) struct Batch<J, R> {
    cost: Cost,
    tasks: Vec<Task<J, R>>,
}

struct Task<J, R> {
    job: J,
    number: usize,
    progress: UnboundedSender<Progress<R>>,
}

impl<J, R> WorkQueue<J, R> {
    /// An empty queue.
    pub(super) fn new(limits: QueueLimits) -> Self {
        let state = State { sets: VecDeque::new(), idle: 0, stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), limits }
    }

    /// Puts a whole set at the end, or nothing of it. Each of its jobs has the same cost.
    pub(super) fn push(
        &self,
        cost: Cost,
        jobs: Vec<J>,
    ) -> Result<UnboundedReceiver<Progress<R>>, Overloaded> {
        let mut state = self.lock();
        state.sets.retain(Set::is_wanted);
        if state.sets.iter().filter(|set| !set.begun).count() >= self.limits.waiting_sets.get() {
            return Err(Overloaded);
        }
        let (set, receiver) = Set::new(cost, jobs);
        if !state.stopped {
            state.sets.push_back(set);
        }
        drop(state);
        self.changed.notify_all();
        Ok(receiver)
    }

    /// Waits for the next batch; `None` when the queue is stopped.
    pub(super) fn next(&self) -> Option<Batch<J, R>> {
        let mut state = self.lock();
        state.idle = state.idle.saturating_add(1);
        while !state.stopped {
            let State { sets, idle, .. } = &mut *state;
            if let Some(batch) = take(sets, *idle, self.limits.batch) {
                state.idle = state.idle.saturating_sub(1);
                return Some(batch);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Drops what waits and sends all threads home.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.sets.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// Nothing here panics while it holds the lock, so a poisoned one guards a sound state.
    fn lock(&self) -> MutexGuard<'_, State<J, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch of the cost of the first set that is wanted.
fn take<J, R>(sets: &mut VecDeque<Set<J, R>>, idle: usize, most: NonZeroUsize) -> Option<Batch<J, R>> {
    sets.retain(Set::is_wanted);
    let cost = sets.front()?.cost;
    let alike = |set: &&mut Set<J, R>| set.cost == cost;
    let waiting = sets.iter_mut().filter(alike).map(|set| set.jobs.len()).sum();
    let tasks = sets.iter_mut().filter(alike).flat_map(|set| iter::from_fn(|| set.take()));
    Some(Batch { cost, tasks: tasks.take(share(waiting, idle, most)).collect() })
}

/// How many of the jobs that wait one thread takes: an even part for each thread that has nothing to do, or a
/// smaller one when that is too much for a batch.
fn share(waiting: usize, idle: usize, most: NonZeroUsize) -> usize {
    let batches = waiting.div_ceil(most.get()).max(idle).max(1);
    waiting.div_ceil(batches)
}

impl<J, R> Set<J, R> {
    fn new(cost: Cost, jobs: Vec<J>) -> (Self, UnboundedReceiver<Progress<R>>) {
        let (progress, receiver) = unbounded_channel();
        (Self { cost, jobs: jobs.into_iter().enumerate().collect(), begun: false, progress }, receiver)
    }

    /// Whether there is something left to do, and somebody who waits for it.
    fn is_wanted(&self) -> bool {
        !self.progress.is_closed() && !self.jobs.is_empty()
    }

    fn take(&mut self) -> Option<Task<J, R>> {
        let (number, job) = self.jobs.pop_front()?;
        if !std::mem::replace(&mut self.begun, true) {
            let _ = self.progress.send(Progress::Begun);
        }
        Some(Task { job, number, progress: self.progress.clone() })
    }
}

impl<J, R> Batch<J, R> {
    /// The cost of each job.
    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    /// The jobs, at least one.
    pub(super) fn jobs(&self) -> Vec<&J> {
        self.tasks.iter().map(|task| &task.job).collect()
    }

    /// Hands the results over, in the order of the jobs. Whether somebody still wants them does not matter.
    pub(super) fn done(self, results: impl IntoIterator<Item = R>) {
        for (Task { job, number, progress }, result) in self.tasks.into_iter().zip(results) {
            // What the job holds is free before somebody hears that the job is done.
            drop(job);
            let _ = progress.send(Progress::Done(number, result));
        }
    }
}

#[cfg(test)]
mod tests;
