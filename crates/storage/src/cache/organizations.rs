//! Organizations, remembered for a moment.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::admission::organization::{Organization, OrganizationStatus};
use countersign_domain::admission::ports::{Created, OrganizationStore, PolicyRevision};
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::OrganizationId;
use countersign_domain::time::Clock;
use countersign_domain::two_factor::policy::OrganizationPolicy;

use super::Cache;

/// An [`OrganizationStore`] that remembers what it found for 5 seconds, and what was missing for 1 second. A change
/// through it is seen at once; one by another process, or of a plan, when the memory has faded.
pub struct CachedOrganizations {
    inner: Arc<dyn OrganizationStore>,
    cache: Cache<OrganizationId, Organization>,
}

impl CachedOrganizations {
    /// A memory in front of `inner`.
    pub fn new(inner: Arc<dyn OrganizationStore>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, cache: Cache::new(clock) }
    }
}

#[async_trait]
impl OrganizationStore for CachedOrganizations {
    async fn find(&self, id: OrganizationId) -> Result<Option<Organization>, PortFailure> {
        self.cache.get(id, self.inner.find(id)).await
    }

    async fn page(
        &self,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> Result<Vec<Organization>, PortFailure> {
        self.inner.page(after, limit).await
    }

    async fn create(&self, organization: Organization, audit: AuditEvent) -> Result<Created, PortFailure> {
        let id = organization.id;
        let created = self.inner.create(organization, audit).await;
        self.cache.forget(&id);
        created
    }

    async fn set_status(
        &self,
        id: OrganizationId,
        status: OrganizationStatus,
        audit: AuditEvent,
    ) -> Result<bool, PortFailure> {
        let changed = self.inner.set_status(id, status, audit).await;
        self.cache.forget(&id);
        changed
    }

    async fn change_policy(
        &self,
        revision: PolicyRevision,
    ) -> Result<Option<OrganizationPolicy>, PortFailure> {
        let id = revision.organization;
        let changed = self.inner.change_policy(revision).await;
        self.cache.forget(&id);
        changed
    }
}
