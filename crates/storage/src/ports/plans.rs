//! Plans.

use std::num::NonZeroU32;

use async_trait::async_trait;
use countersign_domain::admission::bucket::BucketSpec;
use countersign_domain::admission::ports::PlanStore;
use countersign_domain::failure::PortFailure;
use countersign_domain::quota::plan::{Ceiling, Plan, PlanId};
use diesel::prelude::*;

use crate::column::{corrupt, number, storable};
use crate::database::Database;
use crate::schema::plans;
use crate::unit::inserted;

/// A row of `plans`.
#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = plans, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct PlanRow {
    id: String,
    requests_per_second: i64,
    burst: i64,
    turns: Option<i64>,
    relationships: Option<i64>,
    security_calls_exempt: bool,
}

impl PlanRow {
    fn of(plan: &Plan) -> Result<Self, PortFailure> {
        let ceiling = |ceiling: Ceiling| ceiling.limit().map(storable).transpose();
        Ok(Self {
            id: plan.id.to_string(),
            requests_per_second: plan.rate.per_second.get().into(),
            burst: plan.rate.burst.get().into(),
            turns: ceiling(plan.turns)?,
            relationships: ceiling(plan.relationships)?,
            security_calls_exempt: plan.security_calls_exempt,
        })
    }

    pub(crate) fn into_plan(self) -> Result<Plan, PortFailure> {
        Ok(Plan {
            id: PlanId::new(self.id).map_err(|_| corrupt("plans.id"))?,
            rate: BucketSpec {
                per_second: positive("requests_per_second", self.requests_per_second)?,
                burst: positive("burst", self.burst)?,
            },
            turns: ceiling("turns", self.turns)?,
            relationships: ceiling("relationships", self.relationships)?,
            security_calls_exempt: self.security_calls_exempt,
        })
    }
}

fn positive(column: &'static str, value: i64) -> Result<NonZeroU32, PortFailure> {
    NonZeroU32::new(number(column, value)?).ok_or_else(|| corrupt(column))
}

fn ceiling(column: &'static str, value: Option<i64>) -> Result<Ceiling, PortFailure> {
    value.map_or(Ok(Ceiling::Unlimited), |limit| number(column, limit).map(Ceiling::Limited))
}

#[async_trait]
impl PlanStore for Database {
    async fn find(&self, id: &PlanId) -> Result<Option<Plan>, PortFailure> {
        let id = id.to_string();
        let row = self.read(move |c| Ok(plans::table.find(&id).get_result::<PlanRow>(c).optional()?)).await?;
        row.map(PlanRow::into_plan).transpose()
    }

    async fn list(&self) -> Result<Vec<Plan>, PortFailure> {
        let rows = self.read(|c| Ok(plans::table.order(plans::id).load::<PlanRow>(c)?)).await?;
        rows.into_iter().map(PlanRow::into_plan).collect()
    }

    async fn put(&self, plan: Plan) -> Result<(), PortFailure> {
        let row = PlanRow::of(&plan)?;
        self.write(move |c| {
            let replaced = diesel::update(plans::table.find(&row.id)).set(&row).execute(c)?;
            if replaced == 0 {
                inserted(diesel::insert_into(plans::table).values(&row).execute(c))?;
            }
            Ok(())
        })
        .await
    }
}
