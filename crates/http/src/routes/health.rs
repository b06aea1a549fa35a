//! `GET /healthz`: the process answers. It touches nothing else.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Route, Verb};
use crate::gate::{Handler, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/healthz",
    handler: Handler::Public(|_| Box::pin(async { handle() })),
    documented,
};

/// The process answers.
#[derive(Serialize, ToSchema)]
struct HealthBody {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

fn handle() -> Outcome {
    reply::ok(&HealthBody { status: "ok" })
}

fn documented() -> Documented {
    Documented::new("get_health", "Whether the process answers").success(success::<HealthBody>())
}
