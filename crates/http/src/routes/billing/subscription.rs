//! `GET /v1/billing/subscription`: the plan that the organization is on, and its billing period.

use std::future::ready;

use countersign_domain::admission::scope::Scope;
use countersign_domain::quota::period::BillingPeriod;
use serde::Serialize;
use utoipa::ToSchema;

use super::BillingPlanBody;
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;
use crate::routes::usage::PeriodBody;
use crate::routes::{Route, Verb};

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/billing/subscription",
    handler: Handler::Organization(&[Scope::UsageRead], |call, _| Box::pin(ready(handle(&call)))),
    documented: || {
        Documented::new("get_subscription", "The organization's plan and billing period")
            .describe("A change of the plan is seen within five seconds.")
            .success(success::<SubscriptionBody>())
    },
};

/// What the organization has agreed on.
#[derive(Serialize, ToSchema)]
struct SubscriptionBody {
    plan: BillingPlanBody,
    /// The day of the month on which billing periods begin; in a shorter month its last day.
    #[schema(minimum = 1, maximum = 31)]
    anchor_day: u8,
    period: PeriodBody,
}

fn handle(call: &OrganizationCall) -> Outcome {
    let organization = &call.organization;
    let period = BillingPeriod::containing(call.state.api.clock.now(), organization.anchor_day);
    reply::ok(&SubscriptionBody {
        plan: (&organization.plan).into(),
        anchor_day: organization.anchor_day.number(),
        period: period.into(),
    })
}
