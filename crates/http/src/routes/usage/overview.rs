//! `GET /v1/usage`: what is used of both parts of the quota.

use countersign_domain::admission::scope::Scope;

use super::{UsageBody, read};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;
use crate::routes::{Route, Verb};

pub(in crate::routes) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/usage",
    handler: Handler::Organization(&[Scope::UsageRead], |call, _| Box::pin(handle(call))),
    documented: || {
        Documented::new("get_usage", "What is used in the present billing period")
            .success(success::<UsageBody>())
    },
};

async fn handle(call: OrganizationCall) -> Outcome {
    reply::ok(&UsageBody::from(read(&call).await?))
}
