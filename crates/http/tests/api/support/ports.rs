//! Ports that fail in ways of their own.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use countersign_domain::admission::ports::{TokenRefusal, UserToken, UserTokenVerifier};
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::ports::{Recorded, UsageEvent, UsageStore};
use countersign_domain::quota::quota_ports::{
    Activation, ActivationDecision, Ended, QuotaStore, TurnConsumption, TurnsDecision,
};
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

    fn check(&self) -> Result<(), PortFailure> {
        let fault = *self.fault.lock().unwrap();
        match fault {
            None => Ok(()),
            Some(Fault::Unavailable) => Err(PortFailure::unavailable(INSIDE)),
            Some(Fault::Corrupt) => Err(PortFailure::corrupt(INSIDE)),
            Some(Fault::Other) => Err(PortFailure::other(INSIDE)),
            Some(Fault::Panic) => panic!("{INSIDE}"),
        }
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
        self.check()?;
        self.counters.usage(organization, environment, period_start).await
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

#[async_trait]
impl QuotaStore for ScriptedUsage {
    async fn consume_turns(&self, consumption: TurnConsumption) -> Result<TurnsDecision, PortFailure> {
        self.check()?;
        self.counters.consume_turns(consumption).await
    }

    async fn activate(&self, activation: Activation) -> Result<ActivationDecision, PortFailure> {
        self.check()?;
        self.counters.activate(activation).await
    }

    async fn end(&self, activation: Activation) -> Result<Ended, PortFailure> {
        self.check()?;
        self.counters.end(activation).await
    }

    async fn purge_answers(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        self.counters.purge_answers(now, limit).await
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
