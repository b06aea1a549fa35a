//! The contract of [`RateLimiter`].

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::admission::bucket::{BucketDecision, BucketSpec, BucketState};
use countersign_domain::admission::ports::{BucketKey, RateLimiter};
use countersign_domain::identity::Environment;
use libtest_mimic::Trial;

use super::{Case, case::cases, trials as trials_of};
use crate::build::{NOW, organization_id};
use crate::clock::ManualClock;
use crate::contention::{CONTENDERS, rounds, together};

/// A limiter, and the clock that it reads. The clock shows [`NOW`].
#[derive(Clone)]
pub struct Harness {
    /// The limiter, with no bucket in use and room for 100.
    pub limiter: Arc<dyn RateLimiter>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// The cases.
pub fn cases() -> Vec<Case<Harness>> {
    cases![
        Harness;
        a_bucket_begins_full,
        a_bucket_decides_as_the_arithmetic_says,
        a_changed_plan_counts_at_once,
        a_clock_that_goes_back_gives_nothing,
        a_full_bucket_gives_its_burst_and_no_more_among_many,
        an_empty_bucket_gives_what_came_back_among_many,
        buckets_are_apart,
    ]
}

/// One test for each case; `adapter` stands in their names.
pub fn trials<F, M>(adapter: &str, factory: F) -> Vec<Trial>
where
    F: Fn() -> M + Clone + Send + Sync + 'static,
    M: Future<Output = Harness> + Send + 'static,
{
    trials_of(&format!("rate_limiter::{adapter}"), cases(), factory)
}

fn spec(per_second: u32, burst: u32) -> BucketSpec {
    let positive = |number| NonZeroU32::new(number).unwrap();
    BucketSpec { per_second: positive(per_second), burst: positive(burst) }
}

fn organization(number: u64) -> BucketKey {
    BucketKey::Organization(organization_id(number), Environment::Live)
}

fn client(address: &str) -> BucketKey {
    BucketKey::client(address.parse::<IpAddr>().unwrap())
}

impl Harness {
    async fn take(&self, key: BucketKey, spec: BucketSpec) -> BucketDecision {
        self.limiter.take(key, spec).await.unwrap()
    }

    /// How many of the contenders get a token.
    async fn contend(&self, key: BucketKey, spec: BucketSpec) -> usize {
        let decisions = together(CONTENDERS, |_| {
            let harness = self.clone();
            async move { harness.take(key, spec).await }
        })
        .await;
        decisions.iter().filter(|decision| decision.allowed).count()
    }
}

async fn a_bucket_begins_full(harness: Harness) {
    for key in [organization(1), client("192.0.2.1")] {
        let decision = harness.take(key, spec(10, 20)).await;
        let expected = BucketDecision {
            allowed: true,
            spec: spec(10, 20),
            remaining: 19,
            full_at: NOW.saturating_add(Duration::from_millis(100)),
            retry_at: NOW,
        };
        assert_eq!(decision, expected);
    }
}

/// The same steps for the limiter and for the domain's arithmetic.
async fn follow(harness: &Harness, key: BucketKey, script: impl IntoIterator<Item = (Duration, BucketSpec)>) {
    let mut state = BucketState::full(NOW);
    let mut now = NOW;
    for (step, (pause, spec)) in script.into_iter().enumerate() {
        now = now.saturating_add(pause);
        harness.clock.set(now);
        let (next, expected) = state.take(spec, now);
        state = next;
        assert_eq!(harness.take(key, spec).await, expected, "step {step}");
    }
}

async fn a_bucket_decides_as_the_arithmetic_says(harness: Harness) {
    // Faster than it refills, then slower, with pauses that are no multiple of a token, then long enough to
    // be full.
    let pauses =
        [0, 0, 0, 1, 33_333, 0, 99_999, 1, 500_000, 0, 0, 0, 0, 7, 1_999_999, 0, 3_600_000_000, 0, 0];
    for (key, spec) in [(organization(1), spec(3, 5)), (client("2001:db8::1"), spec(7, 2))] {
        harness.clock.set(NOW);
        let script = pauses.into_iter().cycle().take(190);
        follow(&harness, key, script.map(|micros| (Duration::from_micros(micros), spec))).await;
    }
}

async fn a_changed_plan_counts_at_once(harness: Harness) {
    let plans = [spec(1, 1), spec(10, 20), spec(1_000_000, u32::MAX), spec(2, 3), spec(1, 1)];
    let script = plans.into_iter().flat_map(|spec| [(Duration::from_millis(300), spec); 8]);
    follow(&harness, organization(1), script).await;
}

async fn a_clock_that_goes_back_gives_nothing(harness: Harness) {
    let key = organization(1);
    for _ in 0..3 {
        assert!(harness.take(key, spec(1, 3)).await.allowed);
    }
    harness.clock.set(NOW.saturating_sub(Duration::from_hours(1)));
    for _ in 0..3 {
        assert!(!harness.take(key, spec(1, 3)).await.allowed);
    }
    harness.clock.set(NOW.saturating_add(Duration::from_secs(1)));
    assert!(harness.take(key, spec(1, 3)).await.allowed);
    assert!(!harness.take(key, spec(1, 3)).await.allowed);
}

async fn a_full_bucket_gives_its_burst_and_no_more_among_many(harness: Harness) {
    for round in 0..rounds() {
        let key = organization(round.try_into().unwrap());
        assert_eq!(harness.contend(key, spec(1, 20)).await, 20);
        assert_eq!(harness.contend(key, spec(1, 20)).await, 0);
    }
}

async fn an_empty_bucket_gives_what_came_back_among_many(harness: Harness) {
    let key = client("192.0.2.1");
    assert_eq!(harness.contend(key, spec(10, 30)).await, 30);
    harness.clock.advance(Duration::from_millis(799));
    assert_eq!(harness.contend(key, spec(10, 30)).await, 7);
    harness.clock.advance(Duration::from_millis(1));
    assert_eq!(harness.contend(key, spec(10, 30)).await, 1);
}

async fn buckets_are_apart(harness: Harness) {
    let keys = [
        organization(1),
        organization(2),
        BucketKey::Organization(organization_id(1), Environment::Test),
        client("192.0.2.1"),
        client("192.0.2.2"),
        client("2001:db8:0:1::1"),
        client("2001:db8:0:2::1"),
    ];
    for key in keys {
        assert!(harness.take(key, spec(1, 1)).await.allowed, "{key:?} shares its bucket");
        assert!(!harness.take(key, spec(1, 1)).await.allowed);
    }
}
