//! The way to the store: open, or lost. While it is lost nobody waits for it, and one task tries to open it again.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use countersign_domain::admission::bucket::BucketSpec;
use countersign_domain::time::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::connection::{Connection, Connector};
use super::key;
use super::script::{Script, Taken};
use super::trouble::{Trouble, within};

/// How long one attempt to open it may take: to connect, to log in, and to take from a bucket of its own.
const ATTEMPT: Duration = Duration::from_secs(2);
/// How long to wait before the first attempt; twice as long before each further one, up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// What was open so long is trusted: when it is lost, the first attempt comes after the shortest pause again.
const STEADY: Duration = Duration::from_secs(10);
/// What an attempt takes from; how much is there does not matter.
const PROBED: BucketSpec = BucketSpec { per_second: NonZeroU32::MIN, burst: NonZeroU32::MIN };

/// The way to the store.
pub(crate) struct Link {
    connector: Connector,
    script: Script,
    deadline: Duration,
    state: RwLock<State>,
    lost: Notify,
    losses: AtomicU64,
}

enum State {
    Open(Arc<Connection>),
    /// For this reason.
    Lost(String),
}

impl Link {
    /// A way that was never open. An answer that takes longer than `deadline` loses it.
    pub(crate) fn new(connector: Connector, deadline: Duration) -> Self {
        let state = RwLock::new(State::Lost("not connected yet".to_owned()));
        Self {
            connector,
            script: Script::new(),
            deadline,
            state,
            lost: Notify::new(),
            losses: AtomicU64::new(0),
        }
    }

    /// Takes one token; `None` when the way is lost, or is lost by this.
    pub(crate) async fn take(&self, key: &str, spec: BucketSpec, now: Option<Timestamp>) -> Option<Taken> {
        let connection = self.connection()?;
        match within(self.deadline, self.script.take(&connection, key, spec, now)).await {
            Ok(taken) => Some(taken),
            Err(trouble) => {
                self.lose(&connection, &trouble);
                None
            }
        }
    }

    /// Whether the store works now; the reason when it does not.
    pub(crate) async fn check(&self) -> Result<(), String> {
        self.take(key::PROBE, PROBED, None).await;
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(_) => Ok(()),
            State::Lost(reason) => Err(reason.clone()),
        }
    }

    /// How often the way was lost.
    pub(crate) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Relaxed)
    }

    /// Tries once to open the way.
    pub(crate) async fn open(&self) -> Result<(), String> {
        let opened = within(ATTEMPT, self.attempt()).await.map_err(|trouble| trouble.to_string());
        let outcome = opened.as_ref().map(drop).map_err(Clone::clone);
        let state = opened.map_or_else(State::Lost, |connection| State::Open(Arc::new(connection)));
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        outcome
    }

    async fn attempt(&self) -> Result<Connection, Trouble> {
        let connection = self.connector.connect().await?;
        connection.reaches_all().await?;
        self.script.take(&connection, key::PROBE, PROBED, None).await?;
        Ok(connection)
    }

    /// Opens the way again whenever it is lost; `reopened` is told of it.
    pub(crate) async fn keep_open(&self, reopened: impl Fn()) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            if self.connection().is_some() {
                let opened = Instant::now();
                while self.connection().is_some() {
                    self.lost.notified().await;
                }
                if opened.elapsed() >= STEADY {
                    pause = SHORTEST_PAUSE;
                }
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            if self.open().await.is_ok() {
                reopened();
            }
        }
    }

    fn connection(&self) -> Option<Arc<Connection>> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(connection) => Some(connection.clone()),
            State::Lost(_) => None,
        }
    }

    /// Of all who notice, one says so; and whoever was slow does not lose what was opened meanwhile.
    fn lose(&self, broken: &Arc<Connection>, trouble: &Trouble) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !matches!(&*state, State::Open(current) if Arc::ptr_eq(current, broken)) {
            return;
        }
        *state = State::Lost(trouble.to_string());
        drop(state);
        self.losses.fetch_add(1, Ordering::Relaxed);
        self.lost.notify_one();
        tracing::warn!(error = %trouble, "shared limits are lost: this process limits on its own");
    }
}
