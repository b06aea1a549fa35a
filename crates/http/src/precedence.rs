//! Calls that came in go before calls that are turned away.
//!
//! To refuse costs little, but whoever is refused can ask again at once, and so take the processor from those whose calls
//! are served. While any are, a refusal waits a moment; a client is told to stay away for longer than that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::sleep;

/// How long a refusal waits: a client that waits for its answer makes at most a hundred calls a second on each connection.
const PAUSE: Duration = Duration::from_millis(10);

/// The calls that came in and are being served.
#[derive(Debug, Default)]
pub(crate) struct Precedence {
    served: AtomicUsize,
}

impl Precedence {
    /// A call is served for as long as the result lives.
    pub(crate) fn serve(&self) -> Served<'_> {
        self.served.fetch_add(1, Ordering::Relaxed);
        Served(self)
    }

    /// Lets the calls that are served go first.
    pub(crate) async fn give_way(&self) {
        if self.served.load(Ordering::Relaxed) > 0 {
            sleep(PAUSE).await;
        }
    }
}

/// A call that is being served.
#[derive(Debug)]
pub(crate) struct Served<'a>(&'a Precedence);

impl Drop for Served<'_> {
    fn drop(&mut self) {
        self.0.served.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    async fn waited(precedence: &Precedence) -> Duration {
        let begun = Instant::now();
        precedence.give_way().await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_waits_while_any_call_is_served() {
        let precedence = Precedence::default();
        let (first, second) = (precedence.serve(), precedence.serve());
        assert_eq!(waited(&precedence).await, PAUSE);
        drop(first);
        assert_eq!(waited(&precedence).await, PAUSE);
        drop(second);
        assert_eq!(waited(&precedence).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_is_served_a_refusal_comes_at_once() {
        assert_eq!(waited(&Precedence::default()).await, Duration::ZERO);
    }
}
