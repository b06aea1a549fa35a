use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::admission::api_key::{ApiKey, ApiKeyDigest};
use countersign_domain::admission::ports::{ApiKeyStore, Created, Revocation};
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::OrganizationId;

use super::audit::MemoryAudit;
use super::organizations::MemoryOrganizations;

/// API keys in memory; their owners are in a [`MemoryOrganizations`], their events in a [`MemoryAudit`].
#[derive(Debug)]
pub struct MemoryApiKeys {
    organizations: Arc<MemoryOrganizations>,
    audit: Arc<MemoryAudit>,
    rows: Mutex<Vec<ApiKey>>,
}

impl MemoryApiKeys {
    /// An empty store.
    pub fn new(organizations: Arc<MemoryOrganizations>, audit: Arc<MemoryAudit>) -> Self {
        Self { organizations, audit, rows: Mutex::default() }
    }
}

#[async_trait]
impl ApiKeyStore for MemoryApiKeys {
    async fn find(&self, digest: &ApiKeyDigest) -> Result<Option<ApiKey>, PortFailure> {
        Ok(self.rows.lock().unwrap().iter().find(|key| key.digest.matches(digest)).cloned())
    }

    async fn list(&self, organization: OrganizationId) -> Result<Vec<ApiKey>, PortFailure> {
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().filter(|key| key.organization == organization).cloned().collect())
    }

    async fn create(&self, key: ApiKey, audit: AuditEvent) -> Result<Created, PortFailure> {
        let mut rows = self.rows.lock().unwrap();
        if rows.iter().any(|row| row.id == key.id || row.digest.matches(&key.digest)) {
            return Ok(Created::Exists);
        }
        if !self.organizations.contains(key.organization) {
            return Ok(Created::Dangling);
        }
        self.audit.commit(audit, || {
            rows.push(key);
            Created::New
        })
    }

    async fn revoke(&self, revocation: Revocation) -> Result<Option<ApiKey>, PortFailure> {
        let mut rows = self.rows.lock().unwrap();
        let Some(key) = rows.iter_mut().find(|key| key.id == revocation.key) else { return Ok(None) };
        if key.revoked_at.is_none() {
            self.audit.commit(revocation.audit(key.organization), || key.revoked_at = Some(revocation.at))?;
        }
        Ok(Some(key.clone()))
    }
}
