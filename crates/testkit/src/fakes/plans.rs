use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use countersign_domain::admission::ports::PlanStore;
use countersign_domain::failure::PortFailure;
use countersign_domain::quota::plan::{Plan, PlanId};

/// Plans in memory; the built-in ones are there.
#[derive(Debug)]
pub struct MemoryPlans(Mutex<BTreeMap<PlanId, Plan>>);

impl Default for MemoryPlans {
    fn default() -> Self {
        let plans = Plan::built_in().into_iter().map(|plan| (plan.id.clone(), plan));
        Self(Mutex::new(plans.collect()))
    }
}

impl MemoryPlans {
    /// The built-in plans.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn get(&self, id: &PlanId) -> Option<Plan> {
        self.0.lock().unwrap().get(id).cloned()
    }
}

#[async_trait]
impl PlanStore for MemoryPlans {
    async fn find(&self, id: &PlanId) -> Result<Option<Plan>, PortFailure> {
        Ok(self.get(id))
    }

    async fn list(&self) -> Result<Vec<Plan>, PortFailure> {
        Ok(self.0.lock().unwrap().values().cloned().collect())
    }

    async fn put(&self, plan: Plan) -> Result<(), PortFailure> {
        self.0.lock().unwrap().insert(plan.id.clone(), plan);
        Ok(())
    }
}
