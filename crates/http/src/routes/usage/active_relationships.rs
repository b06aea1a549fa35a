//! `GET /v1/usage/active-relationships`: how many are active.

use countersign_domain::admission::scope::Scope;

use super::{ComponentUsageBody, read};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;
use crate::routes::{Route, Verb};

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/usage/active-relationships",
    handler: Handler::Organization(&[Scope::UsageRead], |call, _| Box::pin(handle(call))),
    documented: || {
        Documented::new("get_active_relationships", "How many relationships are active in the billing period")
            .success(success::<ComponentUsageBody>())
    },
};

async fn handle(call: OrganizationCall) -> Outcome {
    let snapshot = read(&call).await?;
    let (used, limit) = (snapshot.usage.active_relationships, snapshot.relationships.limit());
    reply::ok(&ComponentUsageBody { used, limit, period: snapshot.period.into() })
}
