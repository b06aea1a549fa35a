//! Usage by organization, environment and billing period.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::ports::{Consumption, Recorded, UsageEvent, UsageStore};
use countersign_domain::quota::snapshot::Usage;
use countersign_domain::time::Timestamp;
use diesel::prelude::*;

use crate::backend::AnyConnection;
use crate::column::number;
use crate::database::Database;
use crate::schema::{active_relationships, usage_counters, usage_events};
use crate::unit::{UnitFailure, UnitResult, insert_new};

#[async_trait]
impl UsageStore for Database {
    async fn usage(
        &self,
        organization: OrganizationId,
        environment: Environment,
        period_start: Timestamp,
    ) -> Result<Usage, PortFailure> {
        let key = (organization.to_string(), environment.as_str(), period_start.as_micros());
        let counted = self
            .read(move |c| {
                Ok(usage_counters::table
                    .find(key.clone())
                    .select((usage_counters::turns, usage_counters::active_relationships))
                    .get_result::<(i64, i64)>(c)
                    .optional()?)
            })
            .await?;
        let Some((turns, relationships)) = counted else { return Ok(Usage::default()) };
        Ok(Usage {
            turns: number("turns", turns)?,
            active_relationships: number("active_relationships", relationships)?,
        })
    }

    async fn record(
        &self,
        organization: OrganizationId,
        environment: Environment,
        events: Vec<UsageEvent>,
    ) -> Result<Vec<Recorded>, PortFailure> {
        let account = Account { organization: organization.to_string(), environment: environment.as_str() };
        self.write(move |c| {
            // Two that record the same events in another order would wait for each other.
            c.hold(&format!("usage {} {}", account.organization, account.environment))?;
            events.iter().map(|event| account.record(c, event)).collect()
        })
        .await
    }
}

/// Whose usage.
struct Account {
    organization: String,
    environment: &'static str,
}

impl Account {
    fn record(&self, c: &mut AnyConnection, event: &UsageEvent) -> UnitResult<Recorded> {
        if !self.is_new_event(c, event)? {
            return Ok(Recorded::Duplicate);
        }
        let period = event.period.starts_at.as_micros();
        match &event.consumption {
            Consumption::Turns(turns) => self.count(c, period, (*turns).into(), 0)?,
            Consumption::Relationship(relationship) => {
                if self.is_new_relationship(c, period, relationship.as_str())? {
                    self.count(c, period, 0, 1)?;
                }
            }
        }
        Ok(Recorded::Counted)
    }

    fn is_new_event(&self, c: &mut AnyConnection, event: &UsageEvent) -> QueryResult<bool> {
        let (turns, relationship) = match &event.consumption {
            Consumption::Turns(turns) => (Some(i64::from(*turns)), None),
            Consumption::Relationship(relationship) => (None, Some(relationship.as_str())),
        };
        let row = (
            usage_events::organization_id.eq(&self.organization),
            usage_events::environment.eq(self.environment),
            usage_events::event_id.eq(event.id.as_str()),
            usage_events::happened_at.eq(event.at.as_micros()),
            usage_events::period_start.eq(event.period.starts_at.as_micros()),
            usage_events::turns.eq(turns),
            usage_events::relationship_id.eq(relationship),
        );
        insert_new(c, |c| diesel::insert_into(usage_events::table).values(row).execute(c))
    }

    fn is_new_relationship(
        &self,
        c: &mut AnyConnection,
        period: i64,
        relationship: &str,
    ) -> QueryResult<bool> {
        let row = (
            active_relationships::organization_id.eq(&self.organization),
            active_relationships::environment.eq(self.environment),
            active_relationships::period_start.eq(period),
            active_relationships::relationship_id.eq(relationship),
        );
        insert_new(c, |c| diesel::insert_into(active_relationships::table).values(row).execute(c))
    }

    /// Adds to the counters of a period; a counter that is full refuses.
    fn count(&self, c: &mut AnyConnection, period: i64, turns: i64, relationships: i64) -> UnitResult<()> {
        if self.add(c, period, turns, relationships)? {
            return Ok(());
        }
        let row = (
            usage_counters::organization_id.eq(&self.organization),
            usage_counters::environment.eq(self.environment),
            usage_counters::period_start.eq(period),
            usage_counters::turns.eq(turns),
            usage_counters::active_relationships.eq(relationships),
        );
        let is_first = insert_new(c, |c| diesel::insert_into(usage_counters::table).values(row).execute(c))?;
        // On systems with several writers another one may have been first; then there is something to add to.
        if is_first || self.add(c, period, turns, relationships)? {
            return Ok(());
        }
        let counter = usage_counters::table.find((&self.organization, self.environment, period));
        let is_seen = counter.select(usage_counters::turns).first::<i64>(c).optional()?.is_some();
        Err(if is_seen {
            PortFailure::other("a usage counter is full").into()
        } else {
            UnitFailure::Conflict
        })
    }

    fn add(&self, c: &mut AnyConnection, period: i64, turns: i64, relationships: i64) -> QueryResult<bool> {
        let counters = usage_counters::table.find((&self.organization, self.environment, period));
        let has_room = usage_counters::turns
            .le(i64::MAX.saturating_sub(turns))
            .and(usage_counters::active_relationships.le(i64::MAX.saturating_sub(relationships)));
        let added = diesel::update(counters.filter(has_room))
            .set((
                usage_counters::turns.eq(usage_counters::turns + turns),
                usage_counters::active_relationships.eq(usage_counters::active_relationships + relationships),
            ))
            .execute(c)?;
        Ok(added == 1)
    }
}
