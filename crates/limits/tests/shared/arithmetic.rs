//! The script decides exactly as the domain does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_domain::admission::bucket::{BucketSpec, BucketState};
use countersign_domain::admission::ports::RateLimiter as _;
use countersign_domain::time::Timestamp;
use countersign_limits::SharedRateLimiter;
use countersign_testkit::build::NOW;
use countersign_testkit::clock::ManualClock;
use countersign_testkit::services::redis::RedisServer;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{organization, spec, standing_still, store};

const CASES: u32 = 200;

/// How far the clock moves before a token is taken, in microseconds.
fn moves() -> impl Strategy<Value = i64> {
    let years = 30 * 365 * 86_400 * 1_000_000_i64;
    prop_oneof![
        3 => Just(0_i64),
        4 => 0_i64..2_000_000,
        2 => -2_000_000_i64..0,
        1 => -years..years,
    ]
}

/// A step in ten changes the plan.
fn specs() -> impl Strategy<Value = BucketSpec> {
    let numbers = || prop_oneof![4 => 1_u32..2_000, 1 => 1_u32.., 1 => Just(u32::MAX), 1 => Just(1_u32)];
    (numbers(), numbers()).prop_map(|(per_second, burst)| spec(per_second, burst))
}

fn steps() -> impl Strategy<Value = (BucketSpec, Vec<(i64, Option<BucketSpec>)>)> {
    let step = (moves(), prop::option::weighted(0.1, specs()));
    (specs(), prop::collection::vec(step, 1..40))
}

#[test]
fn every_decision_is_that_of_the_arithmetic() {
    let server = RedisServer::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clock = Arc::new(ManualClock::new(NOW));
    let connecting = SharedRateLimiter::connect(store(&server.url()), clock.clone(), standing_still());
    let limiter = runtime.block_on(connecting);
    let next_bucket = AtomicU64::new(1);
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&steps(), |(mut spec, steps)| {
        let key = organization(next_bucket.fetch_add(1, Ordering::Relaxed));
        let (mut state, mut now) = (None, NOW);
        for (step, changed) in steps {
            // Instants of this century and the next, as a server's clock shows them.
            now = Timestamp::from_micros((now.as_micros() + step).clamp(0, 1 << 52));
            clock.set(now);
            spec = changed.unwrap_or(spec);
            let (next, expected) = state.unwrap_or(BucketState::full(now)).take(spec, now);
            state = Some(next);
            let decision = runtime.block_on(limiter.take(key, spec)).unwrap();
            prop_assert_eq!(decision, expected);
        }
        Ok(())
    });
    outcome.unwrap();
    assert_eq!(limiter.local_decisions(), 0);
}
