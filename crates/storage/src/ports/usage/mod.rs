//! Usage by organization, environment and billing period.

pub(super) mod account;
pub(super) mod counters;
mod events;
mod recount;
pub(super) mod spans;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::ports::{Recorded, UsageEvent, UsageStore};
use countersign_domain::quota::recount_ports::{Miscount, UsageRecount};
use countersign_domain::quota::snapshot::Usage;
use countersign_domain::time::Timestamp;

use account::Account;

use crate::database::Database;

#[async_trait]
impl UsageStore for Database {
    async fn usage(
        &self,
        organization: OrganizationId,
        environment: Environment,
        period_start: Timestamp,
    ) -> Result<Usage, PortFailure> {
        let account = Account::new(organization, environment);
        self.read(move |c| counters::usage(c, &account, period_start.as_micros())).await
    }

    async fn record(
        &self,
        organization: OrganizationId,
        environment: Environment,
        events: Vec<UsageEvent>,
    ) -> Result<Vec<Recorded>, PortFailure> {
        let account = Account::new(organization, environment);
        self.write(move |c| events::record(c, &account, &events)).await
    }
}

#[async_trait]
impl UsageRecount for Database {
    async fn miscounts(
        &self,
        organization: OrganizationId,
        environment: Environment,
    ) -> Result<Vec<Miscount>, PortFailure> {
        let account = Account::new(organization, environment);
        self.read(move |c| recount::miscounts(c, &account)).await
    }

    async fn mend(
        &self,
        organization: OrganizationId,
        environment: Environment,
    ) -> Result<Vec<Miscount>, PortFailure> {
        let account = Account::new(organization, environment);
        self.write(move |c| recount::mend(c, &account)).await
    }
}
