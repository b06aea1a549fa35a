//! Ports that fail in ways of their own.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use countersign_domain::admission::ports::{TokenRefusal, UserToken, UserTokenVerifier};
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::ports::{Recorded, UsageEvent, UsageStore};
use countersign_domain::quota::snapshot::Usage;
use countersign_domain::time::Timestamp;
use countersign_testkit::fakes::{MemoryUsage, StaticTokens};

/// How [`ScriptedUsage`] fails.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Unavailable,
    Corrupt,
    Other,
    Panic,
}

/// What a failing port knows of the inside; no answer may hold it.
pub const INSIDE: &str = "sqlite: /var/lib/inside.db is malformed";

/// Usage counters that fail when they are told to, and count how often they are read.
#[derive(Default)]
pub struct ScriptedUsage {
    counters: MemoryUsage,
    fault: Mutex<Option<Fault>>,
    reads: AtomicUsize,
}

impl ScriptedUsage {
    pub fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = Some(fault);
    }

    pub fn recover(&self) {
        *self.fault.lock().unwrap() = None;
    }

    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl UsageStore for ScriptedUsage {
    async fn usage(
        &self,
        organization: OrganizationId,
        environment: Environment,
        period_start: Timestamp,
    ) -> Result<Usage, PortFailure> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let fault = *self.fault.lock().unwrap();
        match fault {
            None => self.counters.usage(organization, environment, period_start).await,
            Some(Fault::Unavailable) => Err(PortFailure::unavailable(INSIDE)),
            Some(Fault::Corrupt) => Err(PortFailure::corrupt(INSIDE)),
            Some(Fault::Other) => Err(PortFailure::other(INSIDE)),
            Some(Fault::Panic) => panic!("{INSIDE}"),
        }
    }

    async fn record(
        &self,
        organization: OrganizationId,
        environment: Environment,
        events: Vec<UsageEvent>,
    ) -> Result<Vec<Recorded>, PortFailure> {
        self.counters.record(organization, environment, events).await
    }
}

/// Knows the tokens of another verifier, and panics at the token `panic`.
pub struct PanickingTokens(pub Arc<StaticTokens>);

#[async_trait]
impl UserTokenVerifier for PanickingTokens {
    async fn verify(&self, token: &str, now: Timestamp) -> Result<UserToken, TokenRefusal> {
        assert_ne!(token, "panic", "{INSIDE}");
        self.0.verify(token, now).await
    }
}
