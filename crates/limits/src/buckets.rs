//! A bounded number of buckets.

use std::collections::{BTreeMap, HashMap};

use countersign_domain::admission::bucket::{BucketDecision, BucketSpec, BucketState};
use countersign_domain::admission::ports::BucketKey;
use countersign_domain::time::Timestamp;

/// How many full buckets are forgotten when a new key comes: more than one, so that memory shrinks again
/// after a crowd has gone, and few, so that no caller pays for the crowd.
const FORGOTTEN_AT_ONCE: usize = 2;

/// Buckets, at most `most` of them, in the order in which they become full.
#[derive(Debug)]
pub(crate) struct Buckets {
    most: usize,
    known: HashMap<BucketKey, Bucket>,
    by_fullness: BTreeMap<Place, BucketKey>,
    /// Tells places of the same instant apart.
    next: u64,
}

#[derive(Debug)]
struct Bucket {
    state: BucketState,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    full_at: Timestamp,
    number: u64,
}

impl Buckets {
    /// No buckets yet, and never more than `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, known: HashMap::new(), by_fullness: BTreeMap::new(), next: 0 }
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.known.len(), self.by_fullness.len());
        self.known.len()
    }

    /// Takes one token from the bucket of `key`.
    pub(crate) fn take(&mut self, key: BucketKey, spec: BucketSpec, now: Timestamp) -> BucketDecision {
        let state = match self.known.remove(&key) {
            Some(bucket) => {
                self.by_fullness.remove(&bucket.place);
                bucket.state
            }
            None => self.admit(spec, now),
        };
        let (state, decision) = state.take(spec, now);
        self.remember(key, state, decision.full_at);
        decision
    }

    /// The state with which a new bucket begins: full while there is room. When there is none, the bucket
    /// that is closest to full makes room, and the new one becomes full no earlier than that one would have.
    ///
    /// So no bucket that was forgotten comes back with more tokens than it would have had: forgetting buckets
    /// by sending new keys gains nothing (the idea of Space-Saving: Metwally, Agrawal, El Abbadi, 2005).
    fn admit(&mut self, spec: BucketSpec, now: Timestamp) -> BucketState {
        self.forget_full(now);
        if self.known.len() < self.most {
            return BucketState::full(now);
        }
        let full_at = self.forget_fullest().unwrap_or(now);
        let micros = u64::try_from(full_at.saturating_since(now).as_micros()).unwrap_or(u64::MAX);
        // What comes back until then, in millionths of a token.
        let debt = micros.saturating_mul(u64::from(spec.per_second.get()));
        BucketState { debt, updated_at: now }
    }

    fn forget_full(&mut self, now: Timestamp) {
        for _ in 0..FORGOTTEN_AT_ONCE {
            if self.by_fullness.first_key_value().is_some_and(|(place, _)| place.full_at <= now) {
                self.forget_fullest();
            }
        }
    }

    fn forget_fullest(&mut self) -> Option<Timestamp> {
        let (place, key) = self.by_fullness.pop_first()?;
        self.known.remove(&key);
        Some(place.full_at)
    }

    fn remember(&mut self, key: BucketKey, state: BucketState, full_at: Timestamp) {
        let place = Place { full_at, number: self.next };
        self.next = self.next.wrapping_add(1);
        self.by_fullness.insert(place, key);
        self.known.insert(key, Bucket { state, place });
    }
}

#[cfg(test)]
mod tests;
