//! Buckets in the memory of this process.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use countersign_domain::admission::bucket::{BucketDecision, BucketSpec};
use countersign_domain::admission::ports::{BucketKey, RateLimiter};
use countersign_domain::failure::PortFailure;
use countersign_domain::time::Clock;

use crate::buckets::Buckets;

/// More locks than a machine of today has processors that wait for one of them.
const MOST_SHARDS: usize = 16;

/// Token buckets in the memory of this process.
///
/// Organizations and clients have a table of their own each, so that no crowd of client addresses pushes out
/// an organization. A table holds a bounded number of buckets. Each new key forgets a few buckets that are
/// full, for nothing is lost with them; no timer does. When a table has no room left, the bucket closest to
/// full makes way, and the new bucket is full no earlier than that one would have been: whoever comes anew
/// gets less during a flood, and nobody ever gets more than a bucket gives.
///
/// Each table is divided into shards with a lock each. A key's shard depends on a number that is drawn when
/// the process starts, so nobody can aim at a shard. A lock is held for one look-up, never across an await.
pub struct MemoryRateLimiter {
    clock: Arc<dyn Clock>,
    organizations: Shards,
    clients: Shards,
}

impl fmt::Debug for MemoryRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRateLimiter").finish_non_exhaustive()
    }
}

impl MemoryRateLimiter {
    /// Full buckets. At most `max_buckets` of organizations are remembered and at most as many of clients, at
    /// least one of each; one takes up to 250 bytes.
    pub fn new(clock: Arc<dyn Clock>, max_buckets: usize) -> Self {
        Self { clock, organizations: Shards::new(max_buckets), clients: Shards::new(max_buckets) }
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn take(&self, key: BucketKey, spec: BucketSpec) -> Result<BucketDecision, PortFailure> {
        let table = match key {
            BucketKey::Organization(..) => &self.organizations,
            BucketKey::Client(_) => &self.clients,
        };
        Ok(table.take(key, spec, &*self.clock))
    }
}

/// One table.
struct Shards {
    hasher: RandomState,
    first: Mutex<Buckets>,
    others: Vec<Mutex<Buckets>>,
}

impl Shards {
    fn new(max_buckets: usize) -> Self {
        let count = max_buckets.clamp(1, MOST_SHARDS);
        let shard = || Mutex::new(Buckets::new((max_buckets / count).max(1)));
        Self {
            hasher: RandomState::new(),
            first: shard(),
            others: std::iter::repeat_with(shard).take(count - 1).collect(),
        }
    }

    fn take(&self, key: BucketKey, spec: BucketSpec, clock: &dyn Clock) -> BucketDecision {
        // Nothing panics under the lock, so a poisoned shard is as sound as any other.
        let mut buckets = self.shard_of(key).lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock: the instants that a bucket sees are in order.
        buckets.take(key, spec, clock.now())
    }

    fn shard_of(&self, key: BucketKey) -> &Mutex<Buckets> {
        let count = u64::try_from(self.others.len()).unwrap_or(0).saturating_add(1);
        let number = usize::try_from(self.hasher.hash_one(key) % count).unwrap_or(0);
        // Number 0 is the first one.
        number.checked_sub(1).and_then(|index| self.others.get(index)).unwrap_or(&self.first)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        std::iter::once(&self.first).chain(&self.others).map(|shard| shard.lock().unwrap().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::num::NonZeroU32;

    use countersign_domain::identity::Environment;
    use countersign_testkit::build::{NOW, organization_id};
    use countersign_testkit::clock::ManualClock;
    use countersign_testkit::contention::together;
    use proptest::prelude::*;

    use super::*;

    const SPEC: BucketSpec = BucketSpec { per_second: NonZeroU32::MIN, burst: NonZeroU32::MIN };

    fn limiter(max_buckets: usize) -> MemoryRateLimiter {
        MemoryRateLimiter::new(Arc::new(ManualClock::new(NOW)), max_buckets)
    }

    fn client(number: u32) -> BucketKey {
        BucketKey::Client(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    fn organization(number: u64) -> BucketKey {
        BucketKey::Organization(organization_id(number), Environment::Live)
    }

    impl MemoryRateLimiter {
        fn allows(&self, key: BucketKey) -> bool {
            let table = if matches!(key, BucketKey::Client(_)) { &self.clients } else { &self.organizations };
            table.take(key, SPEC, &*self.clock).allowed
        }
    }

    #[test]
    fn a_crowd_of_clients_pushes_out_no_organization() {
        let limiter = limiter(100);
        assert!(limiter.allows(organization(1)));
        for number in 0..10_000 {
            let _ = limiter.allows(client(number));
        }
        assert!(!limiter.allows(organization(1)));
        assert_eq!(limiter.organizations.len(), 1);
    }

    #[test]
    fn every_shard_is_used() {
        let limiter = limiter(100_000);
        for number in 0..1_000 {
            let _ = limiter.allows(client(number));
        }
        let tables = std::iter::once(&limiter.clients.first).chain(&limiter.clients.others);
        let sizes: Vec<_> = tables.map(|shard| shard.lock().unwrap().len()).collect();
        assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (MOST_SHARDS, 1_000));
        assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
    }

    proptest! {
        #[test]
        fn each_table_is_bounded(max_buckets in 0_usize..200, keys in 1_u32..2_000) {
            let limiter = limiter(max_buckets);
            for number in 0..keys {
                let _ = limiter.allows(client(number));
                let _ = limiter.allows(organization(number.into()));
            }
            prop_assert!(limiter.clients.len() <= max_buckets.max(1));
            prop_assert!(limiter.organizations.len() <= max_buckets.max(1));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_crowd_at_once_stays_within_the_bound_and_every_limit() {
        let limiter = Arc::new(limiter(64));
        let given = together(64, |_| {
            let limiter = limiter.clone();
            async move {
                let mut given = 0_usize;
                for number in 0..500 {
                    given += usize::from(limiter.take(client(number), SPEC).await.unwrap().allowed);
                }
                given
            }
        })
        .await;
        // One token each, for no time passes; fewer for those who came when the tables were full.
        let given: usize = given.into_iter().sum();
        assert!((1..=500).contains(&given), "{given}");
        assert!(limiter.clients.len() <= 64);
    }
}
