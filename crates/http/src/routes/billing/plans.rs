//! `GET /v1/billing/plans`: all plans.

use countersign_domain::admission::scope::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use super::BillingPlanBody;
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;
use crate::routes::{Route, Verb};

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/billing/plans",
    handler: Handler::Organization(&[Scope::UsageRead], |call, _| Box::pin(handle(call))),
    documented: || Documented::new("list_plans", "All plans, by their names").success(success::<PlansBody>()),
};

/// Plans.
#[derive(Serialize, ToSchema)]
struct PlansBody {
    data: Vec<BillingPlanBody>,
    /// Always `null`: there are few plans, and they come at once.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

async fn handle(call: OrganizationCall) -> Outcome {
    let plans = call.state.in_time(call.state.api.plans.list()).await??;
    reply::ok(&PlansBody { data: plans.iter().map(BillingPlanBody::from).collect(), next_cursor: None })
}
