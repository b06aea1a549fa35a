//! Users by their factors.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::directory::{
    Coverage, FactorState, ListedFactor, ListedUser, UserDirectory, UserQuery,
};
use diesel::prelude::*;

use super::factors::row::{ENABLED, PENDING};
use crate::backend::AnyConnection;
use crate::column::{corrupt, number, present, time, user};
use crate::database::Database;
use crate::schema::factors;

/// What is read of a factor.
type Row = (String, String, Option<i64>, Option<i64>);

#[async_trait]
impl UserDirectory for Database {
    async fn page(&self, query: UserQuery) -> Result<Vec<ListedUser>, PortFailure> {
        let rows = self.read(move |c| Ok(page(c, &query)?)).await?;
        rows.into_iter().map(listed).collect()
    }

    async fn coverage(
        &self,
        organization: OrganizationId,
        environment: Environment,
        now: Timestamp,
    ) -> Result<Coverage, PortFailure> {
        let counted = self.read(move |c| {
            let of_organization = || {
                factors::table
                    .filter(factors::organization_id.eq(organization.to_string()))
                    .filter(factors::environment.eq(environment.as_str()))
            };
            // One transaction, so that nobody who confirms meanwhile is counted twice.
            c.transaction(|c| {
                let enabled = of_organization().filter(factors::state.eq(ENABLED));
                let pending = of_organization()
                    .filter(factors::state.eq(PENDING))
                    .filter(factors::expires_at.gt(now.as_micros()));
                let enabled: i64 = enabled.count().get_result(c)?;
                let pending: i64 = pending.count().get_result(c)?;
                Ok(Coverage { enabled: number("factors", enabled)?, pending: number("factors", pending)? })
            })
        });
        counted.await
    }
}

fn page(c: &mut AnyConnection, query: &UserQuery) -> QueryResult<Vec<Row>> {
    // No id is the empty text, so everything comes after it.
    let after = query.after.as_ref().map(ToString::to_string).unwrap_or_default();
    let now = query.now.as_micros();
    let page = factors::table
        .filter(factors::organization_id.eq(query.organization.to_string()))
        .filter(factors::environment.eq(query.environment.as_str()))
        .filter(factors::user_id.gt(after))
        .order(factors::user_id)
        .limit(query.limit.into())
        .select((factors::user_id, factors::state, factors::expires_at, factors::enabled_at))
        .into_boxed();
    let is_pending = factors::state.eq(PENDING).and(factors::expires_at.assume_not_null().gt(now));
    let is_enabled = factors::state.eq(ENABLED);
    match query.state {
        None => page.filter(is_enabled.or(is_pending)).load(c),
        Some(FactorState::Pending) => page.filter(is_pending).load(c),
        Some(FactorState::Enabled) => page.filter(is_enabled).load(c),
    }
}

fn listed((id, state, expires_at, enabled_at): Row) -> Result<ListedUser, PortFailure> {
    let factor = match state.as_str() {
        PENDING => ListedFactor::Pending { expires_at: time(present("factors.expires_at", expires_at)?) },
        ENABLED => ListedFactor::Enabled { enabled_at: time(present("factors.enabled_at", enabled_at)?) },
        _ => return Err(corrupt("factors.state")),
    };
    Ok(ListedUser { user: user("factors.user_id", id)?, factor })
}
