//! Time and randomness do what a test tells them.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use std::time::Duration;

use countersign_domain::entropy::{Entropy, EntropyUnavailable};
use countersign_domain::time::{Clock, Timestamp};
use countersign_testkit::build::NOW;
use countersign_testkit::clock::ManualClock;
use countersign_testkit::entropy::{ExhaustibleEntropy, FailingEntropy, SeededEntropy};

fn bytes(entropy: &dyn Entropy) -> Result<[u8; 21], EntropyUnavailable> {
    let mut buffer = [0; 21];
    entropy.fill(&mut buffer).map(|()| buffer)
}

#[test]
fn tests_take_place_at_noon() {
    assert_eq!(NOW.to_string(), "2026-01-15T12:00:00.000Z");
}

#[test]
fn a_manual_clock_moves_only_when_told_to() {
    let clock = ManualClock::new(NOW);
    assert_eq!(clock.now(), NOW);
    clock.advance(Duration::from_micros(1));
    assert_eq!(clock.now(), NOW.saturating_add(Duration::from_micros(1)));
    clock.set(Timestamp::from_seconds(-1));
    assert_eq!(clock.now(), Timestamp::from_seconds(-1));
    clock.set(NOW);
    clock.advance(Duration::MAX);
    assert_eq!(clock.now(), Timestamp::from_micros(i64::MAX));
}

#[test]
fn a_seed_fixes_the_whole_stream() {
    let (one, same, other) = (SeededEntropy::new(1), SeededEntropy::new(1), SeededEntropy::new(2));
    let first = bytes(&one).unwrap();
    assert_eq!(bytes(&same).unwrap(), first);
    assert_ne!(bytes(&other).unwrap(), first);
    assert_ne!(bytes(&one).unwrap(), first);
}

/// The first output for seed 0, as published with the reference implementation of `SplitMix64`.
#[test]
fn the_stream_is_that_of_splitmix64() {
    let mut first = [0; 8];
    SeededEntropy::new(0).fill(&mut first).unwrap();
    assert_eq!(u64::from_le_bytes(first), 0xE220_A839_7B1D_CDAF);
}

#[test]
fn failing_entropy_fails() {
    assert_eq!(bytes(&FailingEntropy), Err(EntropyUnavailable));
}

#[test]
fn exhaustible_entropy_fails_after_its_calls() {
    let entropy = ExhaustibleEntropy::after(2);
    assert!(bytes(&entropy).is_ok() && bytes(&entropy).is_ok());
    assert_eq!(bytes(&entropy), Err(EntropyUnavailable));
    assert_eq!(bytes(&entropy), Err(EntropyUnavailable));
}
