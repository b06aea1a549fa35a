//! What the suites of the stores work on.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use countersign_domain::admission::organization::Organization;
use countersign_domain::admission::ports::{ApiKeyStore, OrganizationStore, PlanStore};
use countersign_domain::audit::chain_ports::AuditChain;
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::audit::ports::{AuditLog, AuditQuery, AuditRecord};
use countersign_domain::idempotency::ports::IdempotencyStore;
use countersign_domain::identity::OrganizationId;
use countersign_domain::keys::KeyRegistry;
use countersign_domain::keys::reseal::SealedRows;
use countersign_domain::quota::ports::UsageStore;
use countersign_domain::quota::quota_ports::QuotaStore;
use countersign_domain::quota::recount_ports::UsageRecount;
use countersign_domain::two_factor::directory::UserDirectory;
use countersign_domain::two_factor::ports::FactorStore;
use countersign_domain::two_factor::proof_ports::ProofStore;
use countersign_domain::two_factor::reseal::FactorPlace;
use countersign_domain::webhooks::delivery_ports::DeliveryStore;
use countersign_domain::webhooks::ports::{WebhookSecretPlace, WebhookStore};

use crate::{arrange, build};

/// All stores of one adapter, over the same data: rows of one refer to rows of another, and they share one
/// audit trail.
#[derive(Clone)]
pub struct Stores {
    /// The factors.
    pub factors: Arc<dyn FactorStore>,
    /// The same factors, for proofs.
    pub proofs: Arc<dyn ProofStore>,
    /// The sealed secrets of the same factors.
    pub sealed: Arc<dyn SealedRows<FactorPlace>>,
    /// The users of the same factors.
    pub users: Arc<dyn UserDirectory>,
    /// The answers of calls, some of which show secrets of the same factors.
    pub answers: Arc<dyn IdempotencyStore>,
    /// The organizations.
    pub organizations: Arc<dyn OrganizationStore>,
    /// The plans.
    pub plans: Arc<dyn PlanStore>,
    /// The API keys.
    pub api_keys: Arc<dyn ApiKeyStore>,
    /// The usage counters.
    pub usage: Arc<dyn UsageStore>,
    /// The same use, under ceilings.
    pub quotas: Arc<dyn QuotaStore>,
    /// The same use, counted again.
    pub recount: Arc<dyn UsageRecount>,
    /// The audit trail.
    pub audit: Arc<dyn AuditLog>,
    /// The seals of the same trail.
    pub chain: Arc<dyn AuditChain>,
    /// The fingerprints of keys.
    pub keys: Arc<dyn KeyRegistry>,
    /// The webhooks.
    pub webhooks: Arc<dyn WebhookStore>,
    /// What is on the way to them.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// The sealed secrets of webhooks.
    pub sealed_webhooks: Arc<dyn SealedRows<WebhookSecretPlace>>,
    settle: Arc<dyn Fn() + Send + Sync>,
    kept: Vec<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

impl Stores {
    /// Stores of their own each.
    #[expect(
        clippy::too_many_arguments,
        reason = "one for each port; it is called once in each adapter's test"
    )]
    pub fn new(
        factors: Arc<dyn FactorStore>,
        proofs: Arc<dyn ProofStore>,
        sealed: Arc<dyn SealedRows<FactorPlace>>,
        users: Arc<dyn UserDirectory>,
        answers: Arc<dyn IdempotencyStore>,
        organizations: Arc<dyn OrganizationStore>,
        plans: Arc<dyn PlanStore>,
        api_keys: Arc<dyn ApiKeyStore>,
        usage: Arc<dyn UsageStore>,
        quotas: Arc<dyn QuotaStore>,
        recount: Arc<dyn UsageRecount>,
        audit: Arc<dyn AuditLog>,
        chain: Arc<dyn AuditChain>,
        keys: Arc<dyn KeyRegistry>,
        webhooks: Arc<dyn WebhookStore>,
        deliveries: Arc<dyn DeliveryStore>,
        sealed_webhooks: Arc<dyn SealedRows<WebhookSecretPlace>>,
    ) -> Self {
        let settle = Arc::new(|| ());
        Self {
            factors,
            proofs,
            sealed,
            users,
            answers,
            organizations,
            plans,
            api_keys,
            usage,
            quotas,
            recount,
            audit,
            chain,
            keys,
            webhooks,
            deliveries,
            sealed_webhooks,
            settle,
            kept: Vec::new(),
        }
    }

    /// One adapter that implements all ports.
    pub fn of<D>(database: Arc<D>) -> Self
    where
        D: FactorStore
            + ProofStore
            + SealedRows<FactorPlace>
            + SealedRows<WebhookSecretPlace>
            + UserDirectory
            + IdempotencyStore
            + OrganizationStore
            + PlanStore
            + ApiKeyStore
            + UsageStore
            + QuotaStore
            + UsageRecount
            + AuditLog
            + AuditChain
            + KeyRegistry
            + WebhookStore
            + DeliveryStore,
        D: 'static,
    {
        Self::new(
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database.clone(),
            database,
        )
    }

    /// Calls `settle` wherever a change may be seen late, so that it is seen: an adapter that caches moves
    /// its clock.
    #[must_use]
    pub fn settling_by(self, settle: impl Fn() + Send + Sync + 'static) -> Self {
        Self { settle: Arc::new(settle), ..self }
    }

    /// Drops `resource`, such as a temporary folder, not before the stores.
    #[must_use]
    pub fn keeping(mut self, resource: impl Any + Send + Sync) -> Self {
        self.kept.push(Arc::new(resource));
        self
    }

    /// Lets the time pass after which every change is seen.
    pub(super) fn settle(&self) {
        (self.settle)();
    }

    /// Stores organizations 1 and 2, for the factors of their users.
    pub(super) async fn with_organizations(self) -> Self {
        for number in [1, 2] {
            let _ = self.organization(number).await;
        }
        self
    }

    /// Stores organization `number` on the plan `free`.
    pub(super) async fn organization(&self, number: u64) -> Organization {
        let organization = build::organization_on(build::organization_id(number), build::plan("free"));
        arrange::organization(&*self.organizations, organization.clone()).await;
        organization
    }

    /// Stores an event of the organization, so that its id is taken: a change that comes with it must not
    /// happen.
    pub(super) async fn taken(&self, event: AuditEvent) -> AuditEvent {
        self.audit.append(event.clone()).await.unwrap();
        event
    }

    /// The organization's trail from its beginning.
    pub(super) async fn trail(&self, organization: OrganizationId) -> Vec<AuditRecord> {
        self.audit.page(AuditQuery::whole(organization, u32::MAX)).await.unwrap()
    }

    /// What happened, by the organization's trail.
    pub(super) async fn happened(&self, organization: OrganizationId) -> Vec<String> {
        self.trail(organization).await.into_iter().map(|record| record.name).collect()
    }
}
