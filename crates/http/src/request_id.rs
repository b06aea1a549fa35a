//! Request ids: our own for each request, never one that came with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_domain::entropy::Entropy;
use countersign_domain::identity::RequestId;
use countersign_domain::time::Clock;
use ulid::Ulid;

/// Makes request ids.
pub(crate) struct RequestIds {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    sequence: AtomicU64,
}

impl RequestIds {
    pub(crate) const fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, sequence: AtomicU64::new(0) }
    }

    /// A new id. It is no secret, so without randomness it is numbered: a response without an id helps nobody.
    pub(crate) fn next(&self) -> RequestId {
        let now = self.clock.now();
        RequestId::mint(now, &*self.entropy).unwrap_or_else(|_| {
            let millis = u64::try_from(now.as_micros().div_euclid(1_000)).unwrap_or(0);
            let number = self.sequence.fetch_add(1, Ordering::Relaxed);
            RequestId::new(Ulid::from_parts(millis, u128::from(number)))
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::time::Timestamp;
    use countersign_testkit::clock::ManualClock;
    use countersign_testkit::entropy::FailingEntropy;

    use super::*;

    #[test]
    fn without_randomness_ids_still_differ() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1)));
        let ids = RequestIds::new(clock, Arc::new(FailingEntropy));
        assert_ne!(ids.next(), ids.next());
    }
}
