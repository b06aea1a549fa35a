//! The bounded way from an async caller to a thread that works on a connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use tokio::sync::{mpsc, oneshot};

use crate::backend::AnyConnection;
use crate::unit::UnitResult;

/// How long a caller waits for a place in the queue.
const WAIT_FOR_PLACE: Duration = Duration::from_secs(1);

/// A unit with its caller, without the type of its result.
pub(crate) trait Job: Send {
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;

    /// Runs the unit and keeps its result; `false` when its changes must be rolled back. A panic stays inside.
    fn run(&mut self, connection: &mut AnyConnection) -> bool;

    /// Tells the caller the result of the last run.
    fn answer(self: Box<Self>);

    /// Tells the caller that the outcome is unknown.
    fn fail(self: Box<Self>, failure: PortFailure);
}

pub(crate) type Jobs = mpsc::Receiver<Box<dyn Job>>;

/// The callers' end.
pub(crate) struct Queue(mpsc::Sender<Box<dyn Job>>);

impl Queue {
    /// A queue in which `places` jobs can wait.
    pub(crate) fn new(places: usize) -> (Self, Jobs) {
        let (sender, jobs) = mpsc::channel(places);
        (Self(sender), jobs)
    }

    /// Waits for a place, then for the unit's result. The unit may be run again when its transaction has to be
    /// repeated; it is not run at all when the caller goes away before it is begun.
    pub(crate) async fn run<T, F>(&self, unit: F) -> Result<T, PortFailure>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
    {
        let place = tokio::time::timeout(WAIT_FOR_PLACE, self.0.reserve())
            .await
            .map_err(|_| PortFailure::unavailable("too many calls wait for the database"))?
            .map_err(|_| PortFailure::unavailable("the database is closed"))?;
        let (caller, answer) = oneshot::channel();
        place.send(Box::new(Submitted { unit, result: None, caller }));
        answer.await.unwrap_or_else(|_| Err(PortFailure::unavailable("the database was closed")))
    }
}

struct Submitted<T, F> {
    unit: F,
    result: Option<Result<T, PortFailure>>,
    caller: oneshot::Sender<Result<T, PortFailure>>,
}

impl<T, F> Job for Submitted<T, F>
where
    T: Send + 'static,
    F: Fn(&mut AnyConnection) -> UnitResult<T> + Send + 'static,
{
    fn is_abandoned(&self) -> bool {
        self.caller.is_closed()
    }

    fn run(&mut self, connection: &mut AnyConnection) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.unit)(connection)))
            .unwrap_or_else(|_| Err(PortFailure::other("a unit of work panicked").into()));
        let succeeded = result.is_ok();
        self.result = Some(result.map_err(PortFailure::from));
        succeeded
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
