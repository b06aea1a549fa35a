//! The adapters keep the contract of their port.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::admission::bucket::{BucketDecision, BucketSpec};
use countersign_domain::admission::ports::{BucketKey, RateLimiter};
use countersign_domain::failure::PortFailure;
use countersign_limits::{LimitsUrl, MemoryRateLimiter, SharedOptions, SharedRateLimiter, TimeSource};
use countersign_testkit::build::NOW;
use countersign_testkit::clock::ManualClock;
use countersign_testkit::contract::{self, rate_limiter};
use countersign_testkit::services::redis::{RedisCluster, RedisSentinel, RedisServer};

async fn memory() -> rate_limiter::Harness {
    let clock = Arc::new(ManualClock::new(NOW));
    rate_limiter::Harness { limiter: Arc::new(MemoryRateLimiter::new(clock.clone(), 10_000)), clock }
}

/// A limiter over a store that ends with it.
struct Over<S> {
    limiter: SharedRateLimiter,
    _store: S,
}

#[async_trait]
impl<S: Send + Sync> RateLimiter for Over<S> {
    async fn take(&self, key: BucketKey, spec: BucketSpec) -> Result<BucketDecision, PortFailure> {
        let decision = self.limiter.take(key, spec).await;
        assert_eq!(self.limiter.local_decisions(), 0, "the store did not decide");
        decision
    }
}

async fn over<S: Send + Sync + 'static>(store: S, url: String) -> rate_limiter::Harness {
    let LimitsUrl::Shared(url) = LimitsUrl::parse(&url).unwrap() else { panic!("{url} is not shared") };
    let clock = Arc::new(ManualClock::new(NOW));
    let options = SharedOptions {
        // A machine that is busy with other tests must not decide alone.
        deadline: Duration::from_secs(20),
        time: TimeSource::Process,
        ..SharedOptions::default()
    };
    let limiter = SharedRateLimiter::connect(url, clock.clone(), options).await;
    rate_limiter::Harness { limiter: Arc::new(Over { limiter, _store: store }), clock }
}

async fn single() -> rate_limiter::Harness {
    let store = RedisServer::start();
    let url = store.url();
    over(store, url).await
}

async fn cluster() -> rate_limiter::Harness {
    let store = RedisCluster::start();
    let url = store.url();
    over(store, url).await
}

async fn sentinel() -> rate_limiter::Harness {
    let store = RedisSentinel::start();
    let url = store.url();
    over(store, url).await
}

fn main() -> ExitCode {
    let suites = [
        rate_limiter::trials("memory", memory),
        rate_limiter::trials("single", single),
        rate_limiter::trials("cluster", cluster),
        rate_limiter::trials("sentinel", sentinel),
    ];
    contract::run(suites.into_iter().flatten().collect())
}
