//! When a key may be taken out of the ring.

use std::sync::Arc;
use std::time::Duration;

use super::{KeyRegistry, RingKey};
use crate::failure::PortFailure;
use crate::time::{Clock, Timestamp};

/// How long a key stays after another one took its place: an assertion that it signed lives 5 minutes
/// ([`crate::two_factor::assertion::LIFETIME`]), receivers allow for clocks that differ, a server takes a changed ring
/// within 5 seconds, a set-up that has begun with the key may still be hashing, and the answer of a call that may be
/// repeated is kept, sealed, for 10 minutes.
pub const REST: Duration = Duration::from_mins(15);

/// The use case.
pub struct RetireKey {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What depends on keys.
    pub registry: Arc<dyn KeyRegistry>,
}

/// Why a key has to stay.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// Something new is made with it.
    #[error("it is the primary key")]
    Primary,
    /// It was the primary key until a short while ago.
    #[error("it was the primary key until a short while ago, and is needed until {until}")]
    Resting {
        /// From then on it may go.
        until: Timestamp,
    },
    /// Stored rows depend on it.
    #[error("{rows} stored rows depend on it")]
    InUse {
        /// How many.
        rows: u64,
    },
    /// It could not be found out whether stored rows depend on it.
    #[error("it cannot be found out what depends on it")]
    Failure(#[from] PortFailure),
}

impl RetireKey {
    /// Whether `key` may go now.
    pub async fn check(&self, key: &RingKey) -> Result<(), RetireError> {
        if key.is_primary {
            return Err(RetireError::Primary);
        }
        // First the rest: as long as a server may use the key, more rows may come.
        if let Some(until) = key.replaced_at.map(|at| at.saturating_add(REST))
            && self.clock.now() < until
        {
            return Err(RetireError::Resting { until });
        }
        match self.registry.rows_using(key.known.purpose, key.known.id).await? {
            0 => Ok(()),
            rows => Err(RetireError::InUse { rows }),
        }
    }
}
