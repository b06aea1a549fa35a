//! What a job tells while it works.

/// Something that has come about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The work begins.
    Begun {
        /// How many rows there are to do, where that is known.
        rows: Option<u64>,
    },
    /// Rows are done, durably.
    Done {
        /// How many more.
        rows: u64,
    },
    /// A row could not be done; the others go on.
    Refused {
        /// Which row, as people find it again.
        row: String,
        /// Why.
        reason: String,
    },
}

/// Whoever watches a job.
pub trait Observer: Send {
    /// Takes notice of `event`, at once.
    fn observe(&mut self, event: Event);
}

/// Nobody watches.
impl Observer for () {
    fn observe(&mut self, _: Event) {}
}
