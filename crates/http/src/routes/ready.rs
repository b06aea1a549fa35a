//! `GET /readyz`: whether everything works that the service needs.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use countersign_domain::health::Dependency;
use countersign_domain::time::{Clock, Timestamp};
use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{Route, Verb};
use crate::gate::{Handler, Outcome, PublicCall};
use crate::openapi::documented::{Documented, success};
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/readyz",
    handler: Handler::Public(|call| Box::pin(handle(call))),
    documented,
};

/// How long a finding serves: nobody can make us ask the dependencies faster.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// How long a dependency may take to say that it works; twice what it promises.
const LONGEST_CHECK: Duration = Duration::from_secs(2);

/// Whether the service can do its work.
#[derive(Clone, Serialize, ToSchema)]
struct ReadyBody {
    /// `ready`, or `unavailable` when any dependency is.
    #[schema(example = "ready")]
    status: &'static str,
    dependencies: Vec<DependencyBody>,
}

/// Something that the service needs.
#[derive(Clone, Serialize, ToSchema)]
struct DependencyBody {
    /// What it is called.
    #[schema(example = "database")]
    name: &'static str,
    /// `ready` or `unavailable`.
    #[schema(example = "ready")]
    status: &'static str,
}

/// What was found out last.
pub(crate) struct Readiness {
    clock: Arc<dyn Clock>,
    dependencies: Vec<Arc<dyn Dependency>>,
    found: Mutex<Option<(Timestamp, ReadyBody)>>,
}

impl Readiness {
    pub(crate) fn new(clock: Arc<dyn Clock>, dependencies: Vec<Arc<dyn Dependency>>) -> Self {
        Self { clock, dependencies, found: Mutex::const_new(None) }
    }

    /// The lock is held while the dependencies are asked, so that they are asked once for all who wait.
    async fn body(&self) -> ReadyBody {
        let mut found = self.found.lock().await;
        let now = self.clock.now();
        let fresh = |at: Timestamp| at <= now && now.saturating_since(at) < FRESH_FOR;
        if let Some((_, body)) = found.as_ref().filter(|(at, _)| fresh(*at)) {
            return body.clone();
        }
        let dependencies = join_all(self.dependencies.iter().map(|dependency| check(&**dependency))).await;
        let ready = dependencies.iter().all(|dependency| dependency.status == word(true));
        let body = ReadyBody { status: word(ready), dependencies };
        *found = Some((now, body.clone()));
        body
    }
}

async fn check(dependency: &dyn Dependency) -> DependencyBody {
    let name = dependency.name();
    let ready = match timeout(LONGEST_CHECK, dependency.check()).await {
        Ok(Ok(())) => true,
        Ok(Err(failure)) => {
            let cause = std::error::Error::source(&failure).map(ToString::to_string);
            tracing::warn!(dependency = name, error = %failure, cause, "dependency is not ready");
            false
        }
        Err(_) => {
            tracing::warn!(dependency = name, "dependency did not say in time whether it is ready");
            false
        }
    };
    DependencyBody { name, status: word(ready) }
}

const fn word(ready: bool) -> &'static str {
    if ready { "ready" } else { "unavailable" }
}

async fn handle(call: PublicCall) -> Outcome {
    let body = call.state.readiness.body().await;
    let ready = body.status == word(true);
    reply::json(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body)
}

fn documented() -> Documented {
    Documented::new("get_readiness", "Whether everything works that the service needs")
        .success(success::<ReadyBody>())
        .unready(success::<ReadyBody>())
}
