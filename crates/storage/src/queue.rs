//! The bounded way from an async caller to a thread that works on a connection.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use crossbeam_channel::{Receiver, Sender};
use tokio::sync::{Semaphore, oneshot};

use crate::backend::AnyConnection;
use crate::unit::{Setback, UnitResult};

/// How long a caller waits for a place in the queue.
const WAIT_FOR_PLACE: Duration = Duration::from_secs(1);

/// A unit with its caller, without the type of its result.
pub(crate) trait Job: Send {
    /// Whether somebody still waits for it; who does waits for the answer from now on. It is asked once.
    fn begin(&mut self) -> bool;

    /// Runs the unit and keeps its result; with a setback its changes must be rolled back. A panic stays inside.
    fn run(&mut self, connection: &mut AnyConnection) -> Result<(), Setback>;

    /// The thread on which the caller waits.
    fn home(&self) -> ThreadId;

    /// Tells the caller the result of the last run, and has it answer its neighbours.
    fn answer(self: Box<Self>, neighbours: Neighbours);

    /// Tells the caller that the outcome is unknown.
    fn fail(self: Box<Self>, failure: PortFailure);
}

/// Jobs that are done and wait for their answers, which are given when this is dropped. The first caller of a thread that wakes
/// up answers the others of that thread: to wake each of them from another thread is a system call each time.
#[derive(Default)]
pub(crate) struct Neighbours(Vec<Box<dyn Job>>);

impl Drop for Neighbours {
    fn drop(&mut self) {
        self.0.drain(..).for_each(|job| job.answer(Self::default()));
    }
}

/// Answers jobs that are done.
pub(crate) fn answer_all(done: Vec<Box<dyn Job>>) {
    let mut homes: HashMap<ThreadId, Neighbours> = HashMap::new();
    for job in done {
        homes.entry(job.home()).or_default().0.push(job);
    }
    for mut neighbours in homes.into_values() {
        if let Some(first) = neighbours.0.pop() {
            first.answer(neighbours);
        }
    }
}

/// The threads' end. Clones take from the same queue.
#[derive(Clone)]
pub(crate) struct Jobs {
    waiting: Receiver<Box<dyn Job>>,
    places: Arc<Semaphore>,
}

impl Jobs {
    /// Waits for a job; `None` when the queue is closed and empty.
    pub(crate) fn next(&self) -> Option<Box<dyn Job>> {
        self.waiting.recv().ok().map(|job| self.taken(job))
    }

    /// A job that waits already.
    pub(crate) fn next_waiting(&self) -> Option<Box<dyn Job>> {
        self.waiting.try_recv().ok().map(|job| self.taken(job))
    }

    fn taken(&self, job: Box<dyn Job>) -> Box<dyn Job> {
        self.places.add_permits(1);
        job
    }

    /// How many jobs wait.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.waiting.len()
    }
}

/// The callers' end.
pub(crate) struct Queue {
    jobs: Sender<Box<dyn Job>>,
    places: Arc<Semaphore>,
    turn: Option<Duration>,
}

/// Belongs to a job and its caller. Who takes it first decides whether the job is begun or given up.
#[derive(Clone, Default)]
struct Turn(Arc<AtomicBool>);

impl Turn {
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// A caller that waits: whoever goes away gives the job up.
struct Waiting(Turn);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.take();
    }
}

impl Queue {
    /// A queue in which `places` jobs can wait, each for its turn at most as long as `turn`.
    pub(crate) fn new(places: usize, turn: Option<Duration>) -> (Self, Jobs) {
        let (jobs, waiting) = crossbeam_channel::unbounded();
        let places = Arc::new(Semaphore::new(places));
        (Self { jobs, places: places.clone(), turn }, Jobs { waiting, places })
    }

    /// Waits for a place, then for the unit's result. The unit may be run again when its transaction has to be
    /// repeated; it is not run at all when the caller goes away before it is begun.
    pub(crate) async fn run<T, F>(&self, unit: F) -> Result<T, PortFailure>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
    {
        self.wait_for_place().await?;
        let (caller, mut answer) = oneshot::channel();
        let waiting = Waiting(Turn::default());
        let home = thread::current().id();
        let job = Submitted { unit, result: None, turn: waiting.0.clone(), caller, home };
        self.jobs.send(Box::new(job)).map_err(|_| closed())?;
        if let Some(longest) = self.turn {
            match tokio::time::timeout(longest, &mut answer).await {
                Ok(answer) => return answer.map_err(|_| closed())?.result,
                Err(_) if waiting.0.take() => return Err(overloaded()),
                Err(_) => {}
            }
        }
        answer.await.map_err(|_| closed())?.result
    }

    /// The place is free again when a thread takes the job.
    async fn wait_for_place(&self) -> Result<(), PortFailure> {
        let place = if let Ok(place) = self.places.try_acquire() {
            place
        } else {
            let place = tokio::time::timeout(WAIT_FOR_PLACE, self.places.acquire()).await;
            place.map_err(|_| overloaded())?.map_err(|_| closed())?
        };
        place.forget();
        Ok(())
    }
}

fn closed() -> PortFailure {
    PortFailure::unavailable("the database is closed")
}

fn overloaded() -> PortFailure {
    PortFailure::unavailable("too many calls wait for the database")
}

/// What a caller gets.
struct Answer<T> {
    result: Result<T, PortFailure>,
    /// They are answered when the caller has its own answer, or has gone away.
    _neighbours: Neighbours,
}

struct Submitted<T, F> {
    unit: F,
    result: Option<Result<T, PortFailure>>,
    turn: Turn,
    caller: oneshot::Sender<Answer<T>>,
    home: ThreadId,
}

impl<T, F> Job for Submitted<T, F>
where
    T: Send + 'static,
    F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
{
    fn begin(&mut self) -> bool {
        self.turn.take()
    }

    fn run(&mut self, connection: &mut AnyConnection) -> Result<(), Setback> {
        let result = catch_unwind(AssertUnwindSafe(|| (self.unit)(connection)))
            .unwrap_or_else(|_| Err(PortFailure::other("a unit of work panicked").into()));
        let ran = result.as_ref().map(drop).map_err(Setback::of);
        self.result = Some(result.map_err(PortFailure::from));
        ran
    }

    fn home(&self) -> ThreadId {
        self.home
    }

    fn answer(self: Box<Self>, neighbours: Neighbours) {
        let result = self.result.unwrap_or_else(|| Err(PortFailure::other("a unit of work was never run")));
        // A caller that has gone does not want to know.
        let _ = self.caller.send(Answer { result, _neighbours: neighbours });
    }

    fn fail(self: Box<Self>, failure: PortFailure) {
        let _ = self.caller.send(Answer { result: Err(failure), _neighbours: Neighbours::default() });
    }
}
