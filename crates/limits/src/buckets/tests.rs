use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn client(number: u32) -> BucketKey {
    BucketKey::Client(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

fn spec(per_second: u32, burst: u32) -> BucketSpec {
    let positive = |number| NonZeroU32::new(number).unwrap();
    BucketSpec { per_second: positive(per_second), burst: positive(burst) }
}

fn later(by: Duration) -> Timestamp {
    NOW.saturating_add(by)
}

#[test]
fn a_flood_of_keys_is_remembered_up_to_the_bound() {
    let mut buckets = Buckets::new(10);
    for number in 0..10_000 {
        let _ = buckets.take(client(number), spec(1, 5), NOW);
        assert!(buckets.len() <= 10);
    }
    assert_eq!(buckets.len(), 10);
}

#[test]
fn full_buckets_are_forgotten_first() {
    let mut buckets = Buckets::new(3);
    for number in [1, 2, 3] {
        let _ = buckets.take(client(number), spec(1, 5), NOW);
    }
    // Number 2 is used up, the others are full a second later.
    while buckets.take(client(2), spec(1, 5), NOW).allowed {}
    let then = later(Duration::from_secs(1));
    assert_eq!(buckets.take(client(4), spec(1, 5), then).remaining, 4);
    assert_eq!(buckets.len(), 2);
    assert_eq!(buckets.take(client(2), spec(1, 5), then).remaining, 0);
}

#[test]
fn memory_shrinks_when_the_crowd_has_gone() {
    let mut buckets = Buckets::new(1_000);
    for number in 0..1_000 {
        let _ = buckets.take(client(number), spec(1, 5), NOW);
    }
    for number in 0..1_000 {
        let minute = later(Duration::from_secs(60 * u64::from(number)));
        let _ = buckets.take(client(10_000 + number), spec(1, 5), minute);
    }
    assert!(buckets.len() <= FORGOTTEN_AT_ONCE);
}

#[test]
fn whoever_used_up_a_bucket_is_remembered_in_a_flood() {
    let mut buckets = Buckets::new(10);
    while buckets.take(client(0), spec(1, 5), NOW).allowed {}
    for number in 1..=9 {
        let _ = buckets.take(client(number), spec(1, 5), NOW);
    }
    for number in 10..20 {
        let _ = buckets.take(client(number), spec(1, 5), NOW);
        assert!(!buckets.take(client(0), spec(1, 5), NOW).allowed);
    }
}

#[test]
fn a_new_bucket_is_full_while_there_is_room() {
    let mut buckets = Buckets::new(100);
    for number in 0..100 {
        assert_eq!(buckets.take(client(number), spec(1, 5), NOW).remaining, 4);
    }
}

/// Two keys that push each other out share one bucket, so they get no more than one.
#[test]
fn pushing_each_other_out_gains_nothing() {
    let mut buckets = Buckets::new(1);
    let given = (0..100).filter(|number| buckets.take(client(number % 2), spec(1, 5), NOW).allowed).count();
    assert_eq!(given, 5);
}

#[test]
fn a_slow_bucket_makes_room_for_a_fast_one() {
    let mut buckets = Buckets::new(1);
    while buckets.take(client(1), spec(1, 5), NOW).allowed {}
    let fast = buckets.take(client(2), spec(1_000_000, u32::MAX), NOW);
    assert!(fast.allowed);
    assert_eq!(fast.full_at, later(Duration::from_micros(5_000_001)));
    let huge = spec(u32::MAX, u32::MAX);
    let _ = buckets.take(client(3), huge, Timestamp::from_micros(i64::MIN));
    assert_eq!(buckets.len(), 1);
}

proptest! {
    /// Whatever keys come, whenever: the number of buckets is bounded, and no key ever gets a token that its
    /// own bucket, never forgotten, would have refused.
    #[test]
    fn memory_is_bounded_and_nobody_gets_more_than_their_bucket(
        most in 1_usize..6,
        script in prop::collection::vec((0_u32..12, 0_u64..60_000), 1..400),
    ) {
        let spec = spec(3, 4);
        let mut buckets = Buckets::new(most);
        let mut own: HashMap<u32, BucketState> = HashMap::new();
        let mut now = NOW;
        for (number, pause) in script {
            now = now.saturating_add(Duration::from_micros(pause));
            let given = buckets.take(client(number), spec, now).allowed;
            prop_assert!(buckets.len() <= most);
            if given {
                let state = own.get(&number).copied().unwrap_or(BucketState::full(now));
                let (state, decision) = state.take(spec, now);
                prop_assert!(decision.allowed, "key {number} got a token too many");
                own.insert(number, state);
            }
        }
    }

    /// With room for all, buckets decide as if none was ever forgotten.
    #[test]
    fn with_room_every_decision_is_that_of_the_arithmetic(
        script in prop::collection::vec((0_u32..8, 0_u64..900_000), 1..300),
    ) {
        let mut buckets = Buckets::new(8);
        let mut own: HashMap<u32, BucketState> = HashMap::new();
        let mut now = NOW;
        for (number, pause) in script {
            now = now.saturating_add(Duration::from_micros(pause));
            let spec = spec(number + 1, 4);
            let state = own.get(&number).copied().unwrap_or(BucketState::full(now));
            let (state, expected) = state.take(spec, now);
            own.insert(number, state);
            prop_assert_eq!(buckets.take(client(number), spec, now), expected);
        }
    }
}
