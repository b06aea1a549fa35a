use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[derive(Default)]
struct Clocked(Mutex<i64>);

impl Clocked {
    fn set_millis(&self, millis: i64) {
        *self.0.lock().unwrap() = millis;
    }
}

impl Clock for Clocked {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(*self.0.lock().unwrap() * 1_000)
    }
}

/// A cache of numbers over a store that holds the even ones, and counts how often it is asked.
struct Numbers {
    clock: Arc<Clocked>,
    cache: Cache<usize, usize>,
    reads: AtomicUsize,
}

impl Numbers {
    fn new() -> Self {
        let clock = Arc::new(Clocked::default());
        Self { cache: Cache::new(clock.clone()), clock, reads: AtomicUsize::new(0) }
    }

    async fn get(&self, number: usize) -> Option<usize> {
        let read = async {
            self.reads.fetch_add(1, Ordering::Relaxed);
            Ok(number.is_multiple_of(2).then_some(number))
        };
        self.cache.get(number, read).await.unwrap()
    }

    async fn reads(&self, number: usize, at_millis: i64) -> usize {
        self.clock.set_millis(at_millis);
        let before = self.reads.load(Ordering::Relaxed);
        self.get(number).await;
        self.reads.load(Ordering::Relaxed) - before
    }
}

#[tokio::test]
async fn what_was_found_is_believed_for_five_seconds() {
    let numbers = Numbers::new();
    assert_eq!(numbers.get(2).await, Some(2));
    assert_eq!(numbers.reads(2, 4_999).await, 0);
    assert_eq!(numbers.get(2).await, Some(2));
    assert_eq!(numbers.reads(2, 5_000).await, 1);
}

#[tokio::test]
async fn what_was_missing_is_believed_to_be_missing_for_one_second() {
    let numbers = Numbers::new();
    assert_eq!(numbers.get(1).await, None);
    assert_eq!(numbers.reads(1, 999).await, 0);
    assert_eq!(numbers.get(1).await, None);
    assert_eq!(numbers.reads(1, 1_000).await, 1);
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_nothing_live_longer() {
    let numbers = Numbers::new();
    numbers.reads(2, 10_000).await;
    assert_eq!(numbers.reads(2, 9_999).await, 1);
}

#[tokio::test]
async fn what_is_forgotten_is_read_again() {
    let numbers = Numbers::new();
    numbers.get(2).await;
    numbers.get(1).await;
    numbers.cache.forget(&2);
    numbers.cache.forget(&1);
    assert_eq!(numbers.reads(2, 0).await, 1);
    assert_eq!(numbers.reads(1, 0).await, 1);
}

#[tokio::test]
async fn a_change_during_a_read_is_not_covered_by_what_was_read() {
    let numbers = Numbers::new();
    let read = async {
        numbers.cache.forget(&2);
        Ok(Some(99))
    };
    assert_eq!(numbers.cache.get(2, read).await.unwrap(), Some(99));
    assert_eq!(numbers.get(2).await, Some(2));
}

#[tokio::test]
async fn a_read_that_fails_is_not_remembered() {
    let numbers = Numbers::new();
    let failed = numbers.cache.get(2, async { Err(PortFailure::unavailable("gone")) }).await;
    assert!(matches!(failed, Err(PortFailure::Unavailable(_))));
    assert_eq!(numbers.get(2).await, Some(2));
}

#[tokio::test]
async fn unknown_keys_neither_grow_the_memory_nor_push_known_ones_out() {
    let numbers = Numbers::new();
    numbers.get(2).await;
    for unknown in 0..5 * GENERATION {
        numbers.get(2 * unknown + 1).await;
    }
    assert_eq!(numbers.reads(2, 0).await, 0);
    let entries = numbers.cache.lock();
    assert!(entries.missing.young.len() + entries.missing.old.len() <= 2 * GENERATION);
}

#[tokio::test]
async fn known_keys_do_not_grow_the_memory_either() {
    let numbers = Numbers::new();
    for known in 0..5 * GENERATION {
        numbers.get(2 * known).await;
    }
    let entries = numbers.cache.lock();
    assert!(entries.found.young.len() + entries.found.old.len() <= 2 * GENERATION);
}
