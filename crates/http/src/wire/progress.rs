//! What the connection knows of its requests.

use std::cell::Cell;
use std::rc::Rc;

/// Where a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// No request has come yet; actix-http times the first head.
    Fresh,
    /// A request is being served.
    Serving,
    /// A request was answered.
    Between,
}

/// Shared by a connection and the requests on it, all on one thread.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Rc<Cell<Phase>>);

impl Progress {
    pub(super) fn new() -> Self {
        Self(Rc::new(Cell::new(Phase::Fresh)))
    }

    /// A request is served for as long as the result lives.
    pub(crate) fn serve(&self) -> Serving {
        self.0.set(Phase::Serving);
        Serving(self.clone())
    }

    pub(super) fn phase(&self) -> Phase {
        self.0.get()
    }
}

/// A request that is being served.
#[derive(Debug)]
pub(crate) struct Serving(Progress);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.0.set(Phase::Between);
    }
}
