//! Buckets that many processes share, in Redis or Valkey.

mod connection;
mod key;
mod link;
mod script;
mod trouble;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::admission::bucket::{BucketDecision, BucketSpec};
use countersign_domain::admission::ports::{BucketKey, RateLimiter};
use countersign_domain::failure::PortFailure;
use countersign_domain::health::Dependency;
use countersign_domain::time::Clock;
use tokio::task::JoinHandle;

use crate::memory::MemoryRateLimiter;
use crate::store_url::StoreUrl;
use connection::Connector;
use link::Link;

/// How shared buckets are used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedOptions {
    /// How many processes share the store; while it is gone each gives this part of every bucket, at least one token.
    pub nodes: NonZeroU32,
    /// The most buckets that are remembered here while the store is gone, as in [`MemoryRateLimiter::new`].
    pub max_buckets: usize,
    /// How long a caller waits for the store; 100 ms.
    pub deadline: Duration,
    /// Certificates (PEM) of which one must have signed that of the store. Without them, those that the system trusts.
    pub authority: Option<Vec<u8>>,
    /// By whose clock buckets refill.
    pub time: TimeSource,
}

impl Default for SharedOptions {
    fn default() -> Self {
        Self {
            nodes: NonZeroU32::MIN.saturating_add(1),
            max_buckets: 100_000,
            deadline: Duration::from_millis(100),
            authority: None,
            time: TimeSource::Store,
        }
    }
}

/// By whose clock buckets refill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeSource {
    /// By the store's, so that the clocks of the processes do not matter.
    Store,
    /// By this process's. The store then forgets nothing: it is for tests, whose time stands still.
    Process,
}

/// Token buckets in Redis or Valkey, for all processes that share it. One script on one key decides, by the server's
/// clock, as the domain does.
///
/// Whatever goes wrong (no answer within the deadline, a lost connection, an error, nonsense), this process decides on
/// its own from then on, with its part of every bucket; nobody waits for a store that is known to be lost. A task in
/// the background opens the way again. A loss and its end are one line of the log each.
pub struct SharedRateLimiter {
    clock: Arc<dyn Clock>,
    time: TimeSource,
    nodes: NonZeroU32,
    link: Arc<Link>,
    local: MemoryRateLimiter,
    local_decisions: Arc<AtomicU64>,
    keeper: JoinHandle<()>,
}

impl fmt::Debug for SharedRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRateLimiter").finish_non_exhaustive()
    }
}

impl SharedRateLimiter {
    /// Connects to the store. When it is not there, this process begins on its own. The connection lives on the runtime
    /// of the caller; any other may take tokens.
    pub async fn connect(url: StoreUrl, clock: Arc<dyn Clock>, options: SharedOptions) -> Self {
        let link = Arc::new(Link::new(Connector::new(url, options.authority), options.deadline));
        if let Err(error) = link.open().await {
            tracing::warn!(error, "shared limits cannot be used: this process limits on its own");
        }
        let local_decisions = Arc::<AtomicU64>::default();
        Self {
            time: options.time,
            nodes: options.nodes,
            keeper: tokio::spawn(keep_open(link.clone(), local_decisions.clone())),
            link,
            local: MemoryRateLimiter::new(clock.clone(), options.max_buckets),
            local_decisions,
            clock,
        }
    }

    /// How often the store was lost since the start.
    pub fn losses(&self) -> u64 {
        self.link.losses()
    }

    /// How many decisions were made without the store since the start.
    pub fn local_decisions(&self) -> u64 {
        self.local_decisions.load(Ordering::Relaxed)
    }

    async fn take_shared(&self, key: BucketKey, spec: BucketSpec) -> Option<BucketDecision> {
        let now = (self.time == TimeSource::Process).then(|| self.clock.now());
        let taken = self.link.take(&key::name(key), spec, now).await?;
        Some(taken.state(self.clock.now()).decision(spec, taken.given))
    }

    /// What this process gives while it is on its own.
    fn part_of(&self, spec: BucketSpec) -> BucketSpec {
        let part = |whole: NonZeroU32| NonZeroU32::new(whole.get() / self.nodes).unwrap_or(NonZeroU32::MIN);
        BucketSpec { per_second: part(spec.per_second), burst: part(spec.burst) }
    }
}

impl Drop for SharedRateLimiter {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

#[async_trait]
impl RateLimiter for SharedRateLimiter {
    async fn take(&self, key: BucketKey, spec: BucketSpec) -> Result<BucketDecision, PortFailure> {
        if let Some(decision) = self.take_shared(key, spec).await {
            return Ok(decision);
        }
        self.local_decisions.fetch_add(1, Ordering::Relaxed);
        self.local.take(key, self.part_of(spec)).await
    }
}

#[async_trait]
impl Dependency for SharedRateLimiter {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn is_dispensable(&self) -> bool {
        true
    }

    async fn check(&self) -> Result<(), PortFailure> {
        self.link.check().await.map_err(|reason| {
            let local = self.local_decisions();
            PortFailure::unavailable(format!(
                "the shared store: {reason} ({local} decisions made without it)"
            ))
        })
    }
}

async fn keep_open(link: Arc<Link>, local_decisions: Arc<AtomicU64>) {
    let reopened = || {
        let local_decisions = local_decisions.load(Ordering::Relaxed);
        tracing::info!(losses = link.losses(), local_decisions, "limits are shared");
    };
    link.keep_open(reopened).await;
}
