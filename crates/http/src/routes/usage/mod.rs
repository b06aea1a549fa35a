//! What the organization has used, and using it up.

pub(super) mod active_relationships;
pub(super) mod overview;
pub(super) mod relationships;
pub(super) mod turns;

use countersign_domain::quota::period::BillingPeriod;
use countersign_domain::quota::snapshot::QuotaSnapshot;
use serde::Serialize;
use utoipa::ToSchema;

use crate::gate::OrganizationCall;
use crate::refusal::problem::Problem;

/// What is used in the present billing period.
#[derive(Serialize, ToSchema)]
struct UsageBody {
    turns: ComponentBody,
    /// Distinct relationships that were active in the period.
    active_relationships: ComponentBody,
    period: PeriodBody,
}

/// One part of a quota.
#[derive(Serialize, ToSchema)]
struct ComponentBody {
    /// How much is used.
    used: u64,
    /// How much may be used; `null` when unlimited.
    #[schema(required = true)]
    limit: Option<u64>,
}

/// One part of a quota, with the billing period.
#[derive(Serialize, ToSchema)]
struct ComponentUsageBody {
    /// How much is used.
    used: u64,
    /// How much may be used; `null` when unlimited.
    #[schema(required = true)]
    limit: Option<u64>,
    period: PeriodBody,
}

/// A billing period.
#[derive(Serialize, ToSchema)]
pub(super) struct PeriodBody {
    /// Its first instant.
    #[schema(format = DateTime)]
    starts_at: String,
    /// The first instant of the next one, at which the quota rolls over.
    #[schema(format = DateTime)]
    ends_at: String,
}

impl From<BillingPeriod> for PeriodBody {
    fn from(period: BillingPeriod) -> Self {
        Self { starts_at: period.starts_at.to_string(), ends_at: period.ends_at.to_string() }
    }
}

impl From<QuotaSnapshot> for UsageBody {
    fn from(snapshot: QuotaSnapshot) -> Self {
        let QuotaSnapshot { usage, turns, relationships, period } = snapshot;
        Self {
            turns: ComponentBody { used: usage.turns, limit: turns.limit() },
            active_relationships: ComponentBody {
                used: usage.active_relationships,
                limit: relationships.limit(),
            },
            period: period.into(),
        }
    }
}

/// The quota now, as it is counted.
async fn read(call: &OrganizationCall) -> Result<QuotaSnapshot, Problem> {
    let state = &call.state;
    Ok(state.in_time(state.api.quota.snapshot(&call.organization, call.environment)).await??)
}
