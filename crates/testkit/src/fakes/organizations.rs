use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::admission::organization::{Organization, OrganizationStatus};
use countersign_domain::admission::ports::{Created, OrganizationStore, PolicyRevision};
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::OrganizationId;
use countersign_domain::two_factor::policy::OrganizationPolicy;

use super::audit::MemoryAudit;
use super::plans::MemoryPlans;

/// Organizations in memory; their plans are in a [`MemoryPlans`], their events in a [`MemoryAudit`].
#[derive(Debug)]
pub struct MemoryOrganizations {
    plans: Arc<MemoryPlans>,
    audit: Arc<MemoryAudit>,
    rows: Mutex<BTreeMap<OrganizationId, Organization>>,
}

impl MemoryOrganizations {
    /// An empty store.
    pub fn new(plans: Arc<MemoryPlans>, audit: Arc<MemoryAudit>) -> Self {
        Self { plans, audit, rows: Mutex::default() }
    }

    pub(super) fn contains(&self, id: OrganizationId) -> bool {
        self.rows.lock().unwrap().contains_key(&id)
    }

    /// The row with its plan as it is now.
    fn with_plan(&self, row: &Organization) -> Organization {
        Organization { plan: self.plans.get(&row.plan.id).unwrap(), ..row.clone() }
    }
}

#[async_trait]
impl OrganizationStore for MemoryOrganizations {
    async fn find(&self, id: OrganizationId) -> Result<Option<Organization>, PortFailure> {
        Ok(self.rows.lock().unwrap().get(&id).map(|row| self.with_plan(row)))
    }

    async fn page(
        &self,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> Result<Vec<Organization>, PortFailure> {
        let rows = self.rows.lock().unwrap();
        let later = rows.iter().filter(|(id, _)| Some(**id) > after);
        Ok(later.take(limit.try_into().unwrap()).map(|(_, row)| self.with_plan(row)).collect())
    }

    async fn create(&self, organization: Organization, audit: AuditEvent) -> Result<Created, PortFailure> {
        let mut rows = self.rows.lock().unwrap();
        if rows.contains_key(&organization.id) {
            return Ok(Created::Exists);
        }
        if self.plans.get(&organization.plan.id).is_none() {
            return Ok(Created::Dangling);
        }
        self.audit.commit(audit, || {
            rows.insert(organization.id, organization);
            Created::New
        })
    }

    async fn set_status(
        &self,
        id: OrganizationId,
        status: OrganizationStatus,
        audit: AuditEvent,
    ) -> Result<bool, PortFailure> {
        let mut rows = self.rows.lock().unwrap();
        let Some(row) = rows.get_mut(&id) else { return Ok(false) };
        self.audit.commit(audit, || {
            row.status = status;
            true
        })
    }

    async fn change_policy(
        &self,
        revision: PolicyRevision,
    ) -> Result<Option<OrganizationPolicy>, PortFailure> {
        let mut rows = self.rows.lock().unwrap();
        let Some(row) = rows.get_mut(&revision.organization) else { return Ok(None) };
        let old = row.policy;
        let new = revision.change.applied_to(old);
        if new == old {
            return Ok(Some(old));
        }
        self.audit.commit(revision.audit(old, new), || {
            row.policy = new;
            Some(new)
        })
    }
}
