//! Compares the counters of usage with what their rows tell.

use std::sync::Arc;

use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::recount_ports::{Miscount, UsageRecount};

use crate::{Event, Observer, Stop};

/// The job.
pub struct RecountUsage {
    /// What counts again.
    pub recount: Arc<dyn UsageRecount>,
    /// Whether wrong counters are set right.
    pub repair: bool,
}

/// A wrong counter, and whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// Whose.
    pub organization: OrganizationId,
    /// Live or test use.
    pub environment: Environment,
    /// The counter.
    pub miscount: Miscount,
}

impl RecountUsage {
    /// Counts both environments of each organization, one after the other; tells every counter that was wrong. When it is
    /// stopped, it tells those that it has seen.
    pub async fn run(
        &self,
        organizations: &[OrganizationId],
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Vec<Wrong>, PortFailure> {
        observer.observe(Event::Begun { rows: u64::try_from(organizations.len()).ok() });
        let mut wrong = Vec::new();
        for &organization in organizations {
            if stop.is_asked() {
                break;
            }
            for environment in [Environment::Live, Environment::Test] {
                let miscounts = self.of(organization, environment).await?;
                wrong.extend(miscounts.into_iter().map(|miscount| Wrong {
                    organization,
                    environment,
                    miscount,
                }));
            }
            observer.observe(Event::Done { rows: 1 });
        }
        Ok(wrong)
    }

    /// Writers wait only for an account in which something is wrong.
    async fn of(
        &self,
        organization: OrganizationId,
        environment: Environment,
    ) -> Result<Vec<Miscount>, PortFailure> {
        let miscounts = self.recount.miscounts(organization, environment).await?;
        if self.repair && !miscounts.is_empty() {
            return self.recount.mend(organization, environment).await;
        }
        Ok(miscounts)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use countersign_domain::quota::recount_ports::Counter;
    use countersign_testkit::build::{NOW, organization_id};

    use super::*;
    use crate::Stopper;

    /// Everything of organization 2's test use is wrong until it is mended.
    #[derive(Default)]
    struct Scripted(Mutex<bool>);

    const WRONG: Miscount =
        Miscount { period_start: NOW, counter: Counter::RecordedTurns, stored: 2, counted: 1 };

    #[async_trait]
    impl UsageRecount for Scripted {
        async fn miscounts(
            &self,
            organization: OrganizationId,
            environment: Environment,
        ) -> Result<Vec<Miscount>, PortFailure> {
            let is_wrong = organization == organization_id(2) && environment == Environment::Test;
            Ok(if is_wrong && !*self.0.lock().unwrap() { vec![WRONG] } else { Vec::new() })
        }

        async fn mend(
            &self,
            organization: OrganizationId,
            environment: Environment,
        ) -> Result<Vec<Miscount>, PortFailure> {
            let wrong = self.miscounts(organization, environment).await;
            *self.0.lock().unwrap() = true;
            wrong
        }
    }

    async fn run(recount: &Arc<Scripted>, repair: bool, stop: &Stop) -> Vec<Wrong> {
        let job = RecountUsage { recount: recount.clone(), repair };
        job.run(&[organization_id(1), organization_id(2)], &mut (), stop).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_until_it_is_repaired() {
        let (recount, (_stopper, stop)) = (Arc::new(Scripted::default()), Stopper::new());
        let wrong =
            [Wrong { organization: organization_id(2), environment: Environment::Test, miscount: WRONG }];
        assert_eq!(run(&recount, false, &stop).await, wrong);
        assert_eq!(run(&recount, false, &stop).await, wrong);
        assert_eq!(run(&recount, true, &stop).await, wrong);
        assert_eq!(run(&recount, true, &stop).await, []);
    }

    #[tokio::test]
    async fn a_stopped_job_looks_at_nothing_more() {
        let (recount, (stopper, stop)) = (Arc::new(Scripted::default()), Stopper::new());
        let _ = stopper.stop();
        assert_eq!(run(&recount, true, &stop).await, []);
        assert!(!*recount.0.lock().unwrap());
    }
}
