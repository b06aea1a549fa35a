//! Organizations with their plans.

use async_trait::async_trait;
use countersign_domain::admission::organization::{Organization, OrganizationStatus};
use countersign_domain::admission::ports::{Created, OrganizationStore, PolicyRevision};
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{OrganizationId, OrganizationName};
use countersign_domain::quota::period::AnchorDay;
use countersign_domain::two_factor::policy::OrganizationPolicy;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::plans::PlanRow;
use super::policy::PolicyRow;
use super::{audit, policy};
use crate::column::{corrupt, number, parse, time};
use crate::database::Database;
use crate::schema::{organizations, plans};

type Columns = (
    organizations::id,
    organizations::name,
    organizations::plan_id,
    organizations::status,
    organizations::anchor_day,
    organizations::created_at,
    policy::Columns,
);

/// The columns of `organizations`, in the order of [`OrganizationRow`].
const COLUMNS: Columns = (
    organizations::id,
    organizations::name,
    organizations::plan_id,
    organizations::status,
    organizations::anchor_day,
    organizations::created_at,
    policy::COLUMNS,
);

/// A row of `organizations`.
#[derive(Queryable, Insertable)]
#[diesel(table_name = organizations)]
struct OrganizationRow {
    id: String,
    name: String,
    plan_id: String,
    status: String,
    anchor_day: i32,
    created_at: i64,
    #[diesel(embed)]
    policy: PolicyRow,
}

impl OrganizationRow {
    fn of(organization: &Organization) -> Self {
        Self {
            id: organization.id.to_string(),
            name: organization.name.as_str().to_owned(),
            plan_id: organization.plan.id.to_string(),
            status: organization.status.as_str().to_owned(),
            anchor_day: organization.anchor_day.number().into(),
            created_at: organization.created_at.as_micros(),
            policy: PolicyRow::of(&organization.policy),
        }
    }

    fn into_organization(self, plan: PlanRow) -> Result<Organization, PortFailure> {
        let status = OrganizationStatus::parse(&self.status);
        let anchor = number("anchor_day", self.anchor_day).map(AnchorDay::new)?;
        Ok(Organization {
            id: parse("organizations.id", &self.id)?,
            name: OrganizationName::new(&self.name).map_err(|_| corrupt("organizations.name"))?,
            plan: plan.into_plan()?,
            status: status.ok_or_else(|| corrupt("organizations.status"))?,
            anchor_day: anchor.ok_or_else(|| corrupt("organizations.anchor_day"))?,
            policy: self.policy.into_policy()?,
            created_at: time(self.created_at),
        })
    }
}

/// What the outcome of inserting something new is called in the domain.
pub(super) fn created(inserted: QueryResult<usize>) -> QueryResult<Created> {
    match inserted {
        Ok(_) => Ok(Created::New),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Created::Exists),
        Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => Ok(Created::Dangling),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl OrganizationStore for Database {
    async fn find(&self, id: OrganizationId) -> Result<Option<Organization>, PortFailure> {
        let id = id.to_string();
        let found = self
            .read(move |c| {
                let found = organizations::table
                    .inner_join(plans::table)
                    .filter(organizations::id.eq(&id))
                    .select((COLUMNS, plans::all_columns))
                    .get_result::<(OrganizationRow, PlanRow)>(c);
                Ok(found.optional()?)
            })
            .await?;
        found.map(|(organization, plan)| organization.into_organization(plan)).transpose()
    }

    async fn page(
        &self,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> Result<Vec<Organization>, PortFailure> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self
            .read(move |c| {
                Ok(organizations::table
                    .inner_join(plans::table)
                    .filter(organizations::id.gt(&after))
                    .order(organizations::id)
                    .limit(limit.into())
                    .select((COLUMNS, plans::all_columns))
                    .load::<(OrganizationRow, PlanRow)>(c)?)
            })
            .await?;
        rows.into_iter().map(|(organization, plan)| organization.into_organization(plan)).collect()
    }

    async fn create(&self, organization: Organization, audit: AuditEvent) -> Result<Created, PortFailure> {
        self.write(move |c| {
            let row = OrganizationRow::of(&organization);
            let insert = diesel::insert_into(organizations::table).values(row);
            let created = created(c.transaction(|c| insert.execute(c)))?;
            if created == Created::New {
                audit::append(c, &audit)?;
            }
            Ok(created)
        })
        .await
    }

    async fn set_status(
        &self,
        id: OrganizationId,
        status: OrganizationStatus,
        audit: AuditEvent,
    ) -> Result<bool, PortFailure> {
        self.write(move |c| {
            let changed = diesel::update(organizations::table.find(id.to_string()))
                .set(organizations::status.eq(status.as_str()))
                .execute(c)?;
            if changed == 1 {
                audit::append(c, &audit)?;
            }
            Ok(changed == 1)
        })
        .await
    }

    async fn change_policy(
        &self,
        revision: PolicyRevision,
    ) -> Result<Option<OrganizationPolicy>, PortFailure> {
        self.write(move |c| policy::change(c, &revision)).await
    }
}
