//! The end of serving: the first signal lets running requests finish, a second one does not.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::wiring::Service;

/// How long a stopped server may still have the database; its connections alone may take 5 s to close.
const CLOSING: Duration = Duration::from_secs(10);

/// SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes both signals from now on.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one; tells its name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Serves until the first signal, and finishes running requests; a second signal ends the process at once.
pub(super) async fn run_until_stopped(service: Service, signals: &mut Signals) -> io::Result<()> {
    let Service { mut server, stop, .. } = service;
    let signal = tokio::select! {
        ended = &mut server => return ended,
        signal = signals.next() => signal,
    };
    tracing::info!(signal, "stopping; running requests may finish");
    // The server obeys only while it is polled.
    let finished = async { tokio::join!(server, stop()) };
    tokio::select! {
        (ended, ()) = finished => ended,
        signal = signals.next() => {
            tracing::warn!(signal, "stopping at once");
            std::process::exit(1)
        }
    }
}

/// Waits until the database is closed: the threads of a server that has ended let go of it a little later. A process that
/// ended meanwhile would leave a log beside SQLite, and take OpenSSL away from under the connections to PostgreSQL.
pub(super) async fn wait_until_closed(closed: impl Future<Output = ()>) {
    if tokio::time::timeout(CLOSING, closed).await.is_err() {
        tracing::warn!("the database is still in use");
    }
}
