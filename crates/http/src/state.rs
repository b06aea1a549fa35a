//! What all requests of a server share.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use actix_web::web::Bytes;
use tokio::time::timeout;

use crate::api::Api;
use crate::openapi::openapi_json;
use crate::precedence::Precedence;
use crate::quota_cache::QuotaCache;
use crate::refusal::problem::Problem;
use crate::request_id::RequestIds;
use crate::routes::ready::Readiness;
use crate::settings::HttpSettings;

/// The use cases with what the shell keeps beside them.
pub(crate) struct State {
    pub(crate) api: Arc<Api>,
    pub(crate) settings: HttpSettings,
    pub(crate) request_ids: RequestIds,
    pub(crate) quotas: QuotaCache,
    pub(crate) precedence: Precedence,
    pub(crate) readiness: Readiness,
    /// Made when somebody asks for it first: making it takes far more memory than all the rest of a start.
    pub(crate) openapi_json: LazyLock<serde_json::Result<Bytes>>,
}

impl State {
    pub(crate) fn new(api: Arc<Api>, settings: HttpSettings) -> Self {
        Self {
            request_ids: RequestIds::new(api.clock.clone(), api.entropy.clone()),
            quotas: QuotaCache::new(api.clock.clone(), api.quota.clone()),
            precedence: Precedence::default(),
            readiness: Readiness::new(api.clock.clone(), api.dependencies.clone()),
            openapi_json: LazyLock::new(|| openapi_json().map(Bytes::from)),
            api,
            settings,
        }
    }

    /// Waits for a step of our own, for as long as one may take.
    pub(crate) async fn in_time<T>(&self, step: impl Future<Output = T>) -> Result<T, Problem> {
        timeout(self.settings.timeouts.request, step).await.map_err(|_| Problem::Deadline)
    }

    /// Runs work that changes something as a task of its own: it goes on when the client goes away or when it takes
    /// longer than we wait, so it never stops half-way.
    pub(crate) async fn detached<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Send + 'static + Into<Problem>,
    {
        match self.in_time(tokio::spawn(work)).await? {
            Ok(outcome) => outcome.map_err(Into::into),
            Err(lost) => Err(Problem::Lost(lost)),
        }
    }
}
