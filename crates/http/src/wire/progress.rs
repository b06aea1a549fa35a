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
pub(crate) struct Progress(Rc<Cells>);

#[derive(Debug)]
struct Cells {
    phase: Cell<Phase>,
    body_pending: Cell<bool>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self(Rc::new(Cells { phase: Cell::new(Phase::Fresh), body_pending: Cell::new(false) }))
    }

    /// A request is served for as long as the result lives.
    pub(crate) fn serve(&self, has_body: bool) -> Serving {
        self.0.phase.set(Phase::Serving);
        self.0.body_pending.set(has_body);
        Serving(self.clone())
    }

    /// The body of the request was received to its end.
    pub(crate) fn body_received(&self) {
        self.0.body_pending.set(false);
    }

    pub(super) fn phase(&self) -> Phase {
        self.0.phase.get()
    }

    /// Whether the last request has a body that was not received to its end. What actix-http cannot read then is a
    /// part of that body, and its request has an answer already.
    pub(super) fn is_body_pending(&self) -> bool {
        self.0.body_pending.get()
    }
}

/// A request that is being served.
#[derive(Debug)]
pub(crate) struct Serving(Progress);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.0.phase.set(Phase::Between);
    }
}
