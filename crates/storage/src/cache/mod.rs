//! A small memory in front of a store, for what every request reads.
//!
//! What was found is believed for 5 seconds, what was not found for 1 second. Found and missing entries have separate
//! room, so that made-up keys can neither grow the memory nor push good entries out.

pub(crate) mod api_keys;
pub(crate) mod organizations;

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use countersign_domain::time::{Clock, Timestamp};

/// How long something that was found is believed.
const FOUND_HOLDS: Duration = Duration::from_secs(5);
/// How long something that was missing is believed to be missing.
const MISSING_HOLDS: Duration = Duration::from_secs(1);
/// Entries of a generation; there are two of each kind.
const GENERATION: usize = 8_192;

pub(crate) struct Cache<K, V> {
    clock: Arc<dyn Clock>,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K, V> {
    found: Generations<K, V>,
    missing: Generations<K, ()>,
    /// Counts what was forgotten: what was read before must not be remembered after.
    forgotten: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let (found, missing) = (Generations::new(FOUND_HOLDS), Generations::new(MISSING_HOLDS));
        Self { clock, entries: Mutex::new(Entries { found, missing, forgotten: 0 }) }
    }

    /// What is remembered for `key`, or else what `read` finds.
    pub(crate) async fn get(
        &self,
        key: K,
        read: impl Future<Output = Result<Option<V>, PortFailure>>,
    ) -> Result<Option<V>, PortFailure> {
        // The age counts from before the reading, so that nothing is believed too long.
        let now = self.clock.now();
        let forgotten = {
            let entries = self.lock();
            if let Some(value) = entries.found.get(&key, now) {
                return Ok(Some(value.clone()));
            }
            if entries.missing.get(&key, now).is_some() {
                return Ok(None);
            }
            entries.forgotten
        };
        let value = read.await?;
        let mut entries = self.lock();
        if entries.forgotten == forgotten {
            match &value {
                Some(found) => entries.found.put(key, found.clone(), now),
                None => entries.missing.put(key, (), now),
            }
        }
        Ok(value)
    }

    /// Forgets `key`, after a change.
    pub(crate) fn forget(&self, key: &K) {
        let mut entries = self.lock();
        entries.forgotten = entries.forgotten.wrapping_add(1);
        entries.found.remove(key);
        entries.missing.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two generations of entries: when the younger one is full, it becomes the older one, and that one goes. So the
/// room is bounded without a search for what to drop.
struct Generations<K, V> {
    holds: Duration,
    young: HashMap<K, (V, Timestamp)>,
    old: HashMap<K, (V, Timestamp)>,
}

impl<K: Hash + Eq, V> Generations<K, V> {
    fn new(holds: Duration) -> Self {
        Self { holds, young: HashMap::new(), old: HashMap::new() }
    }

    fn get(&self, key: &K, now: Timestamp) -> Option<&V> {
        let (value, read_at) = self.young.get(key).or_else(|| self.old.get(key))?;
        // A clock that was set back makes no entry live longer.
        let is_fresh = *read_at <= now && now.saturating_since(*read_at) < self.holds;
        is_fresh.then_some(value)
    }

    fn put(&mut self, key: K, value: V, read_at: Timestamp) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, (value, read_at));
    }

    fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests;
