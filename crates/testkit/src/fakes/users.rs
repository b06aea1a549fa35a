//! [`MemoryFactors`] as the directory of users.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId, Subject};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::directory::{
    Coverage, FactorState, ListedFactor, ListedUser, UserDirectory, UserQuery,
};
use countersign_domain::two_factor::factor::Factor;

use super::MemoryFactors;
use super::factors::Row;

impl Row {
    /// What is listed of the factor; `None` when it has expired at `now`.
    fn listed(&self, now: Timestamp) -> Option<ListedFactor> {
        match &self.factor {
            Factor::Pending(pending) if pending.is_expired(now) => None,
            Factor::Pending(pending) => Some(ListedFactor::Pending { expires_at: pending.expires_at }),
            Factor::Enabled(enabled) => Some(ListedFactor::Enabled { enabled_at: enabled.enabled_at }),
        }
    }
}

impl MemoryFactors {
    fn listed(&self, belongs: impl Fn(&Subject) -> bool, now: Timestamp) -> Vec<ListedUser> {
        let tables = self.tables.lock().unwrap();
        let rows = tables.factors.iter().filter(|(subject, _)| belongs(subject));
        let listed = rows.filter_map(|(subject, row)| Some((subject.user.clone(), row.listed(now)?)));
        listed.map(|(user, factor)| ListedUser { user, factor }).collect()
    }
}

fn is_in(factor: ListedFactor, state: FactorState) -> bool {
    match factor {
        ListedFactor::Pending { .. } => state == FactorState::Pending,
        ListedFactor::Enabled { .. } => state == FactorState::Enabled,
    }
}

#[async_trait]
impl UserDirectory for MemoryFactors {
    async fn page(&self, query: UserQuery) -> Result<Vec<ListedUser>, PortFailure> {
        let follows = |subject: &Subject| query.after.as_ref().is_none_or(|after| subject.user > *after);
        let belongs = |subject: &Subject| {
            (subject.organization, subject.environment) == (query.organization, query.environment)
                && follows(subject)
        };
        let mut users = self.listed(belongs, query.now);
        users.retain(|user| query.state.is_none_or(|state| is_in(user.factor, state)));
        users.truncate(query.limit.try_into().unwrap());
        Ok(users)
    }

    async fn coverage(
        &self,
        organization: OrganizationId,
        environment: Environment,
        now: Timestamp,
    ) -> Result<Coverage, PortFailure> {
        let belongs =
            |subject: &Subject| (subject.organization, subject.environment) == (organization, environment);
        let users = self.listed(belongs, now);
        let count = |state| users.iter().filter(|user| is_in(user.factor, state)).count();
        let count = |state| u64::try_from(count(state)).unwrap();
        Ok(Coverage { enabled: count(FactorState::Enabled), pending: count(FactorState::Pending) })
    }
}
