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

const READY: &str = "ready";
const DEGRADED: &str = "degraded";
const UNAVAILABLE: &str = "unavailable";

/// How long a finding serves: nobody can make us ask the dependencies faster.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// How long a dependency may take to say that it works; twice what it promises.
const LONGEST_CHECK: Duration = Duration::from_secs(2);

/// Whether the service can do its work.
#[derive(Clone, Serialize, ToSchema)]
struct ReadyBody {
    /// `ready`, or `unavailable` when a dependency is.
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
    /// `ready`, `unavailable`, or `degraded` when the service does its work without it.
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
        let missing = dependencies.iter().any(|dependency| dependency.status == UNAVAILABLE);
        let status = if missing { UNAVAILABLE } else { READY };
        let body = ReadyBody { status, dependencies };
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
    let status = if ready {
        READY
    } else if dependency.is_dispensable() {
        DEGRADED
    } else {
        UNAVAILABLE
    };
    DependencyBody { name, status }
}

async fn handle(call: PublicCall) -> Outcome {
    let body = call.state.readiness.body().await;
    let status = if body.status == READY { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json(status, &body)
}

fn documented() -> Documented {
    Documented::new("get_readiness", "Whether everything works that the service needs")
        .success(success::<ReadyBody>())
        .unready(success::<ReadyBody>())
}

#[cfg(test)]
mod tests {
    use countersign_testkit::build::NOW;
    use countersign_testkit::clock::ManualClock;
    use countersign_testkit::fakes::SwitchedDependency;

    use super::*;

    async fn found(database_works: bool, store_works: bool) -> [&'static str; 3] {
        let database = SwitchedDependency::new("database");
        let store = SwitchedDependency::dispensable("limits");
        database.set_working(database_works);
        store.set_working(store_works);
        let clock = Arc::new(ManualClock::new(NOW));
        let body = Readiness::new(clock, vec![Arc::new(database), Arc::new(store)]).body().await;
        let [database, store] = &body.dependencies[..] else { panic!("not both are named") };
        [body.status, database.status, store.status]
    }

    #[tokio::test]
    async fn what_the_service_works_without_does_not_make_it_unavailable() {
        assert_eq!(found(true, true).await, [READY, READY, READY]);
        assert_eq!(found(true, false).await, [READY, READY, DEGRADED]);
        assert_eq!(found(false, true).await, [UNAVAILABLE, UNAVAILABLE, READY]);
        assert_eq!(found(false, false).await, [UNAVAILABLE, UNAVAILABLE, DEGRADED]);
    }
}
