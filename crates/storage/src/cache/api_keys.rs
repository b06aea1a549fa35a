//! API keys, remembered for a moment.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::admission::api_key::{ApiKey, ApiKeyDigest};
use countersign_domain::admission::ports::{ApiKeyStore, Created, Revocation};
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::OrganizationId;
use countersign_domain::time::Clock;

use super::Cache;

/// An [`ApiKeyStore`] that remembers what it found for 5 seconds, and which digests were unknown for 1 second. A
/// change through it is seen at once; one by another process when the memory has faded.
pub struct CachedApiKeys {
    inner: Arc<dyn ApiKeyStore>,
    cache: Cache<ApiKeyDigest, ApiKey>,
}

impl CachedApiKeys {
    /// A memory in front of `inner`.
    pub fn new(inner: Arc<dyn ApiKeyStore>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, cache: Cache::new(clock) }
    }
}

#[async_trait]
impl ApiKeyStore for CachedApiKeys {
    async fn find(&self, digest: &ApiKeyDigest) -> Result<Option<ApiKey>, PortFailure> {
        self.cache.get(*digest, self.inner.find(digest)).await
    }

    async fn list(&self, organization: OrganizationId) -> Result<Vec<ApiKey>, PortFailure> {
        self.inner.list(organization).await
    }

    async fn create(&self, key: ApiKey, audit: AuditEvent) -> Result<Created, PortFailure> {
        let digest = key.digest;
        let created = self.inner.create(key, audit).await;
        self.cache.forget(&digest);
        created
    }

    async fn revoke(&self, revocation: Revocation) -> Result<Option<ApiKey>, PortFailure> {
        let revoked = self.inner.revoke(revocation).await?;
        if let Some(key) = &revoked {
            self.cache.forget(&key.digest);
        }
        Ok(revoked)
    }
}
