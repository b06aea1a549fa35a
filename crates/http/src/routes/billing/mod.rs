//! Plans, and the one that the organization is on.

pub(super) mod plans;
pub(super) mod subscription;

use countersign_domain::quota::plan::Plan;
use serde::Serialize;
use utoipa::ToSchema;

/// How fast an organization may call, and how much it may use in a billing period.
#[derive(Serialize, ToSchema)]
struct BillingPlanBody {
    /// Its name.
    #[schema(example = "free")]
    id: String,
    /// The refill rate of the organization's bucket.
    #[schema(minimum = 1)]
    requests_per_second: u32,
    /// The size of the bucket.
    #[schema(minimum = 1)]
    burst: u32,
    /// Turns in a billing period; `null` when unlimited.
    #[schema(required = true)]
    turns: Option<u64>,
    /// Distinct active relationships in a billing period; `null` when unlimited.
    #[schema(required = true)]
    active_relationships: Option<u64>,
    /// Whether a quota that is used up leaves set-ups possible.
    security_calls_exempt: bool,
}

impl From<&Plan> for BillingPlanBody {
    fn from(plan: &Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            requests_per_second: plan.rate.per_second.get(),
            burst: plan.rate.burst.get(),
            turns: plan.turns.limit(),
            active_relationships: plan.relationships.limit(),
            security_calls_exempt: plan.security_calls_exempt,
        }
    }
}
