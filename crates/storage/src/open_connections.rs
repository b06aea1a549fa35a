//! Connections that somebody still has. The pool opens and closes some of them on threads of its own, which nobody can
//! join; a process that ended meanwhile would take the libraries away from under them.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Longer than connecting may take; a server that is silent for so long is not waited for.
const CLOSING: Duration = Duration::from_secs(5);

/// How many connections are open or being opened. Clones share the number.
#[derive(Clone, Default)]
pub(crate) struct OpenConnections(Arc<(Mutex<usize>, Condvar)>);

/// Counts as one connection until it is dropped.
pub(crate) struct OpenConnection(OpenConnections);

impl OpenConnections {
    /// One more, from before it is opened.
    pub(crate) fn one_more(&self) -> OpenConnection {
        self.change(|number| number.saturating_add(1));
        OpenConnection(self.clone())
    }

    /// Waits until all are closed.
    pub(crate) fn wait_for_none(&self) {
        let (number, changed) = &*self.0;
        let held = number.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = changed.wait_timeout_while(held, CLOSING, |number| *number > 0);
    }

    fn change(&self, by: impl Fn(usize) -> usize) {
        let (number, changed) = &*self.0;
        let mut held = number.lock().unwrap_or_else(PoisonError::into_inner);
        *held = by(*held);
        changed.notify_all();
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.change(|number| number.saturating_sub(1));
    }
}

impl fmt::Debug for OpenConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConnections").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn waiting_ends_when_the_last_connection_is_closed() {
        let connections = OpenConnections::default();
        let (first, second) = (connections.one_more(), connections.one_more());
        drop(first);
        let closed = Arc::new(AtomicBool::new(false));
        let closing = closed.clone();
        let other = thread::spawn(move || {
            thread::yield_now();
            closing.store(true, Ordering::SeqCst);
            drop(second);
        });
        connections.wait_for_none();
        assert!(closed.load(Ordering::SeqCst));
        other.join().unwrap();
    }
}
