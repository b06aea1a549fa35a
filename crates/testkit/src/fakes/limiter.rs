use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::admission::bucket::{BucketDecision, BucketSpec, BucketState};
use countersign_domain::admission::ports::{BucketKey, RateLimiter};
use countersign_domain::failure::PortFailure;
use countersign_domain::time::Clock;

/// Token buckets in memory. It forgets none, so its memory is not bounded.
pub struct MemoryLimiter {
    clock: Arc<dyn Clock>,
    buckets: Mutex<HashMap<BucketKey, BucketState>>,
}

impl MemoryLimiter {
    /// Full buckets.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Mutex::default() }
    }

    /// Whether anybody asked the bucket of `key`.
    pub fn was_asked(&self, key: BucketKey) -> bool {
        self.buckets.lock().unwrap().contains_key(&key)
    }
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn take(&self, key: BucketKey, spec: BucketSpec) -> Result<BucketDecision, PortFailure> {
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap();
        let bucket = buckets.entry(key).or_insert(BucketState::full(now));
        let (state, decision) = bucket.take(spec, now);
        *bucket = state;
        Ok(decision)
    }
}

/// Lets everybody in, always, for tests that are about something else. It keeps no bucket, so it does not
/// keep the port's contract.
pub struct OpenLimiter {
    clock: Arc<dyn Clock>,
}

impl OpenLimiter {
    /// A limiter that tells the time of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

#[async_trait]
impl RateLimiter for OpenLimiter {
    async fn take(&self, _key: BucketKey, spec: BucketSpec) -> Result<BucketDecision, PortFailure> {
        // One more than the bucket holds, so that the answer shows a full bucket.
        let burst = NonZeroU32::MIN.saturating_add(spec.burst.get());
        Ok(BucketState::full(self.clock.now()).take(BucketSpec { burst, ..spec }, self.clock.now()).1)
    }
}
