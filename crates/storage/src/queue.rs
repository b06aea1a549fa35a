//! The bounded way from an async caller to a thread that works on a connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use tokio::sync::{mpsc, oneshot};

use crate::backend::AnyConnection;
use crate::unit::{Setback, UnitResult};

/// How long a caller waits for a place in the queue.
const WAIT_FOR_PLACE: Duration = Duration::from_secs(1);

/// A unit with its caller, without the type of its result.
pub(crate) trait Job: Send {
    /// Whether somebody still waits for it; who does waits for the answer from now on.
    fn begin(&mut self) -> bool;

    /// Runs the unit and keeps its result; with a setback its changes must be rolled back. A panic stays inside.
    fn run(&mut self, connection: &mut AnyConnection) -> Result<(), Setback>;

    /// Tells the caller the result of the last run.
    fn answer(self: Box<Self>);

    /// Tells the caller that the outcome is unknown.
    fn fail(self: Box<Self>, failure: PortFailure);
}

pub(crate) type Jobs = mpsc::Receiver<Box<dyn Job>>;

/// The callers' end.
pub(crate) struct Queue {
    jobs: mpsc::Sender<Box<dyn Job>>,
    turn: Option<Duration>,
}

impl Queue {
    /// A queue in which `places` jobs can wait, each for its turn at most as long as `turn`.
    pub(crate) fn new(places: usize, turn: Option<Duration>) -> (Self, Jobs) {
        let (sender, jobs) = mpsc::channel(places);
        (Self { jobs: sender, turn }, jobs)
    }

    /// Waits for a place, then for the unit's result. The unit may be run again when its transaction has to be
    /// repeated; it is not run at all when the caller goes away before it is begun.
    pub(crate) async fn run<T, F>(&self, unit: F) -> Result<T, PortFailure>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
    {
        let place = tokio::time::timeout(WAIT_FOR_PLACE, self.jobs.reserve())
            .await
            .map_err(|_| overloaded())?
            .map_err(|_| PortFailure::unavailable("the database is closed"))?;
        let ((caller, answer), (begun, turn)) = (oneshot::channel(), oneshot::channel());
        place.send(Box::new(Submitted { unit, result: None, begun: Some(begun), caller }));
        self.wait_for_turn(turn).await?;
        answer.await.unwrap_or_else(|_| Err(PortFailure::unavailable("the database was closed")))
    }

    /// Waits until the job is begun. One that waited too long is not begun any more.
    async fn wait_for_turn(&self, mut turn: oneshot::Receiver<()>) -> Result<(), PortFailure> {
        let in_time = if let Some(longest) = self.turn {
            tokio::time::timeout(longest, &mut turn).await.is_ok()
        } else {
            let _ = (&mut turn).await;
            true
        };
        turn.close();
        // It may have been begun at the last moment.
        if in_time || turn.try_recv().is_ok() { Ok(()) } else { Err(overloaded()) }
    }
}

fn overloaded() -> PortFailure {
    PortFailure::unavailable("too many calls wait for the database")
}

struct Submitted<T, F> {
    unit: F,
    result: Option<Result<T, PortFailure>>,
    begun: Option<oneshot::Sender<()>>,
    caller: oneshot::Sender<Result<T, PortFailure>>,
}

impl<T, F> Job for Submitted<T, F>
where
    T: Send + 'static,
    F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
{
    fn begin(&mut self) -> bool {
        self.begun.take().is_none_or(|begun| begun.send(()).is_ok())
    }

    fn run(&mut self, connection: &mut AnyConnection) -> Result<(), Setback> {
        let result = catch_unwind(AssertUnwindSafe(|| (self.unit)(connection)))
            .unwrap_or_else(|_| Err(PortFailure::other("a unit of work panicked").into()));
        let ran = result.as_ref().map(drop).map_err(Setback::of);
        self.result = Some(result.map_err(PortFailure::from));
        ran
    }

    fn answer(self: Box<Self>) {
        let result = self.result.unwrap_or_else(|| Err(PortFailure::other("a unit of work was never run")));
        // A caller that has gone does not want to know.
        let _ = self.caller.send(result);
    }

    fn fail(self: Box<Self>, failure: PortFailure) {
        let _ = self.caller.send(Err(failure));
    }
}
