use std::sync::Arc;

use super::{
    MemoryApiKeys, MemoryAudit, MemoryFactors, MemoryKeyRegistry, MemoryOrganizations, MemoryPlans,
    MemoryUsage, MemoryWebhooks,
};
use crate::contract::Stores;

/// All stores in memory, connected with each other.
#[derive(Clone, Debug)]
pub struct MemoryStores {
    /// The factors.
    pub factors: Arc<MemoryFactors>,
    /// The organizations.
    pub organizations: Arc<MemoryOrganizations>,
    /// The plans.
    pub plans: Arc<MemoryPlans>,
    /// The API keys.
    pub api_keys: Arc<MemoryApiKeys>,
    /// The usage counters.
    pub usage: Arc<MemoryUsage>,
    /// The audit trail of all of them.
    pub audit: Arc<MemoryAudit>,
    /// The fingerprints of keys.
    pub keys: Arc<MemoryKeyRegistry>,
    /// The webhooks and their deliveries.
    pub webhooks: Arc<MemoryWebhooks>,
}

impl Default for MemoryStores {
    fn default() -> Self {
        let audit = Arc::new(MemoryAudit::new());
        let plans = Arc::new(MemoryPlans::new());
        let factors = Arc::new(MemoryFactors::new(audit.clone()));
        let organizations = Arc::new(MemoryOrganizations::new(plans.clone(), audit.clone()));
        let webhooks = Arc::new(MemoryWebhooks::new(audit.clone()));
        Self {
            api_keys: Arc::new(MemoryApiKeys::new(organizations.clone(), audit.clone())),
            keys: Arc::new(MemoryKeyRegistry::new(factors.clone(), webhooks.clone())),
            usage: Arc::new(MemoryUsage::new()),
            factors,
            organizations,
            plans,
            audit,
            webhooks,
        }
    }
}

impl MemoryStores {
    /// Empty stores with the built-in plans.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same as the contract suites take them.
    pub fn into_stores(self) -> Stores {
        Stores::new(
            self.factors.clone(),
            self.factors.clone(),
            self.factors.clone(),
            self.factors.clone(),
            self.factors,
            self.organizations,
            self.plans,
            self.api_keys,
            self.usage.clone(),
            self.usage.clone(),
            self.usage,
            self.audit.clone(),
            self.audit,
            self.keys,
            self.webhooks.clone(),
            self.webhooks.clone(),
            self.webhooks,
        )
    }
}
