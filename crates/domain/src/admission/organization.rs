//! Organizations: the platform's tenants, which own users, keys, limits and quota.

use crate::identity::{OrganizationId, OrganizationName};
use crate::quota::period::AnchorDay;
use crate::quota::plan::Plan;
use crate::time::Timestamp;
use crate::two_factor::policy::OrganizationPolicy;

/// Whether an organization's calls are served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrganizationStatus {
    /// They are.
    Active,
    /// They are refused.
    Suspended,
}

impl OrganizationStatus {
    /// `active` or `suspended`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// Reads what [`OrganizationStatus::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended].into_iter().find(|status| status.as_str() == text)
    }
}

/// An organization with its plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// What it is called; authenticators show it as the issuer.
    pub name: OrganizationName,
    /// Its plan.
    pub plan: Plan,
    /// Whether its calls are served.
    pub status: OrganizationStatus,
    /// When its billing periods begin.
    pub anchor_day: AnchorDay,
    /// What it asks of its users' second factors.
    pub policy: OrganizationPolicy,
    /// Since when it exists.
    pub created_at: Timestamp,
}
