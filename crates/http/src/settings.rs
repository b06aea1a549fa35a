//! How the server listens and what it puts up with.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::client_address::forwarded::ForwardingHeader;
use crate::client_address::network::Network;

/// The settings of the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpSettings {
    /// Threads that serve requests; one for each processor. More than 512 count as 512.
    pub workers: NonZeroUsize,
    /// Networks of the proxies in front; only a request that comes from one of them may name its client's address.
    pub trusted_proxies: Vec<Network>,
    /// The header in which those proxies name it.
    pub forwarding_header: ForwardingHeader,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How long requests in flight may go on when the server is told to stop, in whole seconds; 20.
    pub shutdown_timeout: Duration,
    /// The longest request body in bytes; 8 KiB.
    pub body_limit: usize,
    /// Connections that are open at once, over all workers; 25,000.
    pub max_connections: NonZeroUsize,
}

/// How long things may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// Until the head of a request is there, from the beginning of the connection or the head's first byte; 5 s.
    pub head: Duration,
    /// Until the body of a request is there; 5 s.
    pub body: Duration,
    /// For each of our own steps: admission, and the use case; 5 s.
    pub request: Duration,
    /// How long a connection may be idle between requests, or not take what is sent to it; 15 s.
    pub keep_alive: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let five = Duration::from_secs(5);
        Self { head: five, body: five, request: five, keep_alive: Duration::from_secs(15) }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            workers: available_parallelism().unwrap_or(NonZeroUsize::MIN),
            trusted_proxies: Vec::new(),
            forwarding_header: ForwardingHeader::default(),
            timeouts: Timeouts::default(),
            shutdown_timeout: Duration::from_secs(20),
            body_limit: 8 * 1024,
            max_connections: NonZeroUsize::new(25_000).unwrap_or(NonZeroUsize::MAX),
        }
    }
}

impl HttpSettings {
    pub(crate) fn worker_threads(&self) -> usize {
        self.workers.get().min(512)
    }

    pub(crate) fn connections_per_worker(&self) -> usize {
        self.max_connections.get().div_ceil(self.worker_threads())
    }
}
