//! A limiter, and what decided.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::admission::bucket::{BucketDecision, BucketSpec};
use countersign_domain::admission::ports::{BucketKey, RateLimiter as _};
use countersign_domain::identity::Environment;
use countersign_limits::{LimitsUrl, SharedOptions, SharedRateLimiter, StoreUrl, TimeSource};
use countersign_testkit::build::{NOW, organization_id};
use countersign_testkit::clock::ManualClock;

/// Ten a second and twenty at once; half of it for a process on its own.
pub(crate) const WHOLE: BucketSpec = spec(10, 20);
pub(crate) const HALF: BucketSpec = spec(5, 10);

/// Nothing takes that long; it keeps a test that would hang from hanging.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const fn spec(per_second: u32, burst: u32) -> BucketSpec {
    match (NonZeroU32::new(per_second), NonZeroU32::new(burst)) {
        (Some(per_second), Some(burst)) => BucketSpec { per_second, burst },
        _ => panic!("a bucket has tokens"),
    }
}

pub(crate) fn store(url: &str) -> StoreUrl {
    match LimitsUrl::parse(url) {
        Ok(LimitsUrl::Shared(store)) => store,
        other => panic!("{url}: {other:?}"),
    }
}

pub(crate) fn organization(number: u64) -> BucketKey {
    BucketKey::Organization(organization_id(number), Environment::Live)
}

/// As the service uses it, but patient with a busy machine.
pub(crate) fn options() -> SharedOptions {
    SharedOptions { deadline: Duration::from_secs(5), ..SharedOptions::default() }
}

/// Both the store and the process stand at [`NOW`], so that only what is taken counts.
pub(crate) fn standing_still() -> SharedOptions {
    SharedOptions { time: TimeSource::Process, ..options() }
}

pub(crate) async fn limiter(url: &str, options: SharedOptions) -> SharedRateLimiter {
    SharedRateLimiter::connect(store(url), Arc::new(ManualClock::new(NOW)), options).await
}

/// Takes a token; whatever happens to the store, that neither fails nor hangs.
pub(crate) async fn take(limiter: &SharedRateLimiter, number: u64) -> BucketDecision {
    tokio::time::timeout(PATIENCE, limiter.take(organization(number), WHOLE)).await.expect("no hang").unwrap()
}

/// Whether the store decides.
pub(crate) async fn is_shared(limiter: &SharedRateLimiter) -> bool {
    let decision = take(limiter, 99).await;
    assert!(decision.spec == WHOLE || decision.spec == HALF, "{decision:?}");
    decision.spec == WHOLE
}

/// Waits until the store decides again.
pub(crate) async fn until_shared(limiter: &SharedRateLimiter) {
    let again = async {
        while !is_shared(limiter).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("the store is used again");
}

/// Whether every node of a cluster decides; so many buckets lie on all of them.
pub(crate) async fn every_part_is_shared(limiter: &SharedRateLimiter) -> bool {
    for number in 0..30 {
        if take(limiter, number).await.spec != WHOLE {
            return false;
        }
    }
    true
}
