//! Sets of jobs wait here for a thread: first come, first served, bounded, and forgotten when nobody wants them any
//! more.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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

/// The queue. Whoever drops the receiver of a set withdraws it: none of its jobs is begun after that.
pub(super) struct WorkQueue<J, R> {
    state: Mutex<State<J, R>>,
    changed: Condvar,
    most_waiting: NonZeroUsize,
}

struct State<J, R> {
    sets: VecDeque<Set<J, R>>,
    stopped: bool,
}

struct Set<J, R> {
    jobs: VecDeque<(usize, J)>,
    begun: bool,
    progress: UnboundedSender<Progress<R>>,
}

/// A job that a thread has taken.
pub(super) struct Task<J, R> {
    /// What is to be done.
    pub(super) job: J,
    number: usize,
    progress: UnboundedSender<Progress<R>>,
}

impl<J, R> Task<J, R> {
    /// Hands the result over. Whether somebody still wants it does not matter.
    pub(super) fn done(self, result: R) {
        let _ = self.progress.send(Progress::Done(self.number, result));
    }
}

impl<J, R> WorkQueue<J, R> {
    /// An empty queue in which at most `most_waiting` sets wait that no thread has begun.
    pub(super) fn new(most_waiting: NonZeroUsize) -> Self {
        let state = State { sets: VecDeque::new(), stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), most_waiting }
    }

    /// Puts a whole set at the end, or nothing of it.
    pub(super) fn push(&self, jobs: Vec<J>) -> Result<UnboundedReceiver<Progress<R>>, Overloaded> {
        let mut state = self.lock();
        state.sets.retain(|set| !set.progress.is_closed());
        if state.sets.iter().filter(|set| !set.begun).count() >= self.most_waiting.get() {
            return Err(Overloaded);
        }
        let (progress, receiver) = unbounded_channel();
        state.sets.push_back(Set { jobs: jobs.into_iter().enumerate().collect(), begun: false, progress });
        drop(state);
        self.changed.notify_all();
        Ok(receiver)
    }

    /// Waits for the next job; `None` when the queue is stopped.
    pub(super) fn next(&self) -> Option<Task<J, R>> {
        let mut state = self.lock();
        while !state.stopped {
            if let Some(task) = state.take() {
                return Some(task);
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

impl<J, R> State<J, R> {
    fn take(&mut self) -> Option<Task<J, R>> {
        loop {
            let set = self.sets.front_mut()?;
            if !set.progress.is_closed()
                && let Some((number, job)) = set.jobs.pop_front()
            {
                if !std::mem::replace(&mut set.begun, true) {
                    let _ = set.progress.send(Progress::Begun);
                }
                return Some(Task { job, number, progress: set.progress.clone() });
            }
            self.sets.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Queue = WorkQueue<&'static str, ()>;

    fn queue(most_waiting: usize) -> Queue {
        WorkQueue::new(NonZeroUsize::new(most_waiting).unwrap())
    }

    fn next(queue: &Queue) -> &'static str {
        queue.next().unwrap().job
    }

    #[test]
    fn jobs_come_out_in_the_order_of_their_sets() {
        let queue = queue(2);
        let _first = queue.push(vec!["a1", "a2"]).unwrap();
        let _second = queue.push(vec!["b1"]).unwrap();
        assert_eq!([next(&queue), next(&queue), next(&queue)], ["a1", "a2", "b1"]);
    }

    #[test]
    fn a_set_that_does_not_fit_is_refused_as_a_whole() {
        let queue = queue(1);
        let _waiting = queue.push(vec!["a1"]).unwrap();
        assert_eq!(queue.push(vec!["b1", "b2"]).unwrap_err(), Overloaded);
        assert_eq!(next(&queue), "a1");
        let _fits = queue.push(vec!["c1"]).unwrap();
        assert_eq!(next(&queue), "c1");
    }

    #[test]
    fn a_set_that_is_begun_does_not_count_as_waiting() {
        let queue = queue(1);
        let _begun = queue.push(vec!["a1", "a2"]).unwrap();
        assert_eq!(next(&queue), "a1");
        assert!(queue.push(vec!["b1"]).is_ok());
    }

    #[test]
    fn a_withdrawn_set_is_not_begun_and_makes_room() {
        let queue = queue(1);
        drop(queue.push(vec!["a1"]).unwrap());
        let _second = queue.push(vec!["b1"]).unwrap();
        assert_eq!(next(&queue), "b1");
    }

    #[test]
    fn the_rest_of_a_withdrawn_set_is_not_begun() {
        let queue = queue(2);
        let first = queue.push(vec!["a1", "a2"]).unwrap();
        let _second = queue.push(vec!["b1"]).unwrap();
        assert_eq!(next(&queue), "a1");
        drop(first);
        assert_eq!(next(&queue), "b1");
    }

    #[test]
    fn a_set_hears_that_it_is_begun_and_then_of_each_job() {
        let queue = WorkQueue::new(NonZeroUsize::MIN);
        let mut progress = queue.push(vec!["a1", "a2"]).unwrap();
        assert!(progress.try_recv().is_err());
        let (first, second) = (queue.next().unwrap(), queue.next().unwrap());
        second.done("second");
        first.done("first");
        assert_eq!(progress.try_recv(), Ok(Progress::Begun));
        assert_eq!(progress.try_recv(), Ok(Progress::Done(1, "second")));
        assert_eq!(progress.try_recv(), Ok(Progress::Done(0, "first")));
    }

    #[test]
    fn stopping_ends_the_wait_of_threads_and_of_sets() {
        let queue = queue(1);
        let mut waiting = queue.push(vec!["a1"]).unwrap();
        std::thread::scope(|scope| {
            queue.stop();
            assert!(scope.spawn(|| queue.next().is_none()).join().unwrap());
        });
        assert_eq!(waiting.blocking_recv(), None);
    }
}
