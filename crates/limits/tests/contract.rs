//! The adapter keeps the contract of its port.

use std::process::ExitCode;
use std::sync::Arc;

use countersign_limits::MemoryRateLimiter;
use countersign_testkit::build::NOW;
use countersign_testkit::clock::ManualClock;
use countersign_testkit::contract::{self, rate_limiter};

async fn limiter() -> rate_limiter::Harness {
    let clock = Arc::new(ManualClock::new(NOW));
    rate_limiter::Harness { limiter: Arc::new(MemoryRateLimiter::new(clock.clone(), 10_000)), clock }
}

fn main() -> ExitCode {
    contract::run(rate_limiter::trials(limiter))
}
