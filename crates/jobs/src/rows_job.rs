//! Jobs that do what the rows of a file tell.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;

use crate::{Event, Line, Observer};

/// A job that takes rows one by one, and does some hundred of them at once.
#[async_trait]
pub trait RowsJob: Send {
    /// What stands in a row.
    type Row: Send;

    /// Takes a line; its row is done now or with a later one, or refused.
    async fn take(&mut self, line: Line<Self::Row>, observer: &mut dyn Observer) -> Result<(), PortFailure>;

    /// Does what waits.
    async fn finish(&mut self, observer: &mut dyn Observer) -> Result<(), PortFailure>;

    /// What has come of the rows so far.
    fn tally(&self) -> Tally;
}

/// What has come of the rows so far. Rows that wait for their batch are in no number.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Rows that are done now.
    pub done: u64,
    /// Rows that were done before.
    pub known: u64,
    /// Rows that are not done.
    pub refused: u64,
}

impl Tally {
    pub(crate) fn one_done(&mut self, observer: &mut dyn Observer) {
        self.done = self.done.saturating_add(1);
        observer.observe(Event::Done { rows: 1 });
    }

    pub(crate) fn one_known(&mut self, observer: &mut dyn Observer) {
        self.known = self.known.saturating_add(1);
        observer.observe(Event::Done { rows: 1 });
    }

    pub(crate) fn one_refused(&mut self, line: u64, reason: String, observer: &mut dyn Observer) {
        self.refused = self.refused.saturating_add(1);
        observer.observe(Event::Refused { row: format!("line {line}"), reason });
    }
}
