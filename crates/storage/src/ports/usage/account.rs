//! Whose usage: an organization's, in one environment.

use countersign_domain::identity::{Environment, OrganizationId};
use diesel::prelude::*;

use crate::backend::AnyConnection;
use crate::schema::usage_accounts;
use crate::unit::{UnitFailure, UnitResult, insert_new};

pub(in crate::ports) struct Account {
    pub(in crate::ports) organization: String,
    pub(in crate::ports) environment: &'static str,
}

impl Account {
    pub(in crate::ports) fn new(organization: OrganizationId, environment: Environment) -> Self {
        Self { organization: organization.to_string(), environment: environment.as_str() }
    }

    /// Waits until every other unit that holds the account has ended, and keeps others waiting until this one has. Only
    /// systems with several writers need it. Whoever consumes turns does not wait here.
    pub(in crate::ports) fn hold(&self, c: &mut AnyConnection) -> UnitResult<()> {
        if self.change(c)? {
            return Ok(());
        }
        let row = (
            usage_accounts::organization_id.eq(&self.organization),
            usage_accounts::environment.eq(self.environment),
            usage_accounts::changes.eq(1),
        );
        let is_first = insert_new(c, |c| diesel::insert_into(usage_accounts::table).values(row).execute(c))?;
        if is_first || self.change(c)? { Ok(()) } else { Err(UnitFailure::Conflict) }
    }

    fn change(&self, c: &mut AnyConnection) -> QueryResult<bool> {
        let row = usage_accounts::table.find((&self.organization, self.environment));
        let changed =
            diesel::update(row).set(usage_accounts::changes.eq(usage_accounts::changes + 1)).execute(c)?;
        Ok(changed == 1)
    }
}
