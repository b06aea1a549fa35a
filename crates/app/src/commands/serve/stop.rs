//! The end of serving: the first signal lets running requests finish, a second one does not.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::wiring::Service;

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
