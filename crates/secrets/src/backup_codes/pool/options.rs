//! How a pool works.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use crate::BcryptCost;

/// How a [`BcryptPool`](super::BcryptPool) works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BcryptPoolOptions {
    /// Threads that hash sets, and as many that verify; by default as many as the machine has processors.
    pub threads: NonZeroUsize,
    /// How expensive a hash is; by default 10.
    pub cost: BcryptCost,
    /// Sets that may wait until a thread begins with them; by default 64. One more is refused at once.
    pub max_waiting_sets: NonZeroUsize,
    /// Single codes that may be verified at a time, waiting ones included; by default 64.
    pub max_verifications: NonZeroUsize,
    /// How long a set may wait until a thread begins with it, and a verification until it has a place; by
    /// default one second. Then it is refused.
    pub max_wait: Duration,
}

impl Default for BcryptPoolOptions {
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            cost: BcryptCost::default(),
            max_waiting_sets: NonZeroUsize::MIN.saturating_add(63),
            max_verifications: NonZeroUsize::MIN.saturating_add(63),
            max_wait: Duration::from_secs(1),
        }
    }
}
