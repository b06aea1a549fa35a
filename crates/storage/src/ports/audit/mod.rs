//! The audit trail. [`append`] is also called by the units of other ports, so that a change and its event are one
//! transaction.

mod by_user;

use async_trait::async_trait;
use countersign_domain::audit::event::{Actor, AuditEvent};
use countersign_domain::audit::ports::{AuditLog, AuditQuery, AuditRecord};
use countersign_domain::failure::PortFailure;
use diesel::prelude::*;

use super::deliveries;
use crate::backend::{AnyConnection, directly};
use crate::column::{corrupt, parse, time, user};
use crate::database::Database;
use crate::schema::audit_events;
use crate::unit::UnitResult;

/// Keeps of a boxed query over events those of a part of the trail.
macro_rules! in_part {
    ($select:expr, $part:expr) => {{
        use countersign_domain::audit::ports::TrailPart;
        let environment = crate::schema::audit_events::environment;
        match $part {
            TrailPart::Whole => $select,
            TrailPart::Only(own) => $select.filter(environment.eq(own.as_str())),
            TrailPart::WithOrganization(own) => {
                $select.filter(environment.eq(own.as_str()).or(environment.is_null()))
            }
        }
    }};
}
use in_part;

/// Appends an event within a unit, and puts it on the way to the webhooks that want it.
pub(crate) fn append(connection: &mut AnyConnection, event: &AuditEvent) -> UnitResult<()> {
    insert(connection, event)?;
    deliveries::fan_out(connection, event)
}

/// Appends an event that is told to nobody else.
pub(super) fn insert(connection: &mut AnyConnection, event: &AuditEvent) -> QueryResult<()> {
    let insert = diesel::insert_into(audit_events::table).values(AuditRow::of(event));
    directly!(connection, |c| insert.execute(c)).map(drop)
}

/// An event of the trail.
pub(super) fn find(
    connection: &mut AnyConnection,
    organization: &str,
    id: &str,
) -> UnitResult<Option<AuditRecord>> {
    let row = audit_events::table.find((organization, id)).get_result::<AuditRow>(connection).optional()?;
    Ok(row.map(AuditRow::into_record).transpose()?)
}

/// A row of `audit_events`.
#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
pub(super) struct AuditRow {
    organization_id: String,
    id: String,
    environment: Option<String>,
    user_id: Option<String>,
    name: String,
    details: String,
    actor: String,
    request_id: Option<String>,
    address: Option<String>,
    happened_at: i64,
}

impl AuditRow {
    fn of(event: &AuditEvent) -> Self {
        let caller = &event.caller;
        let details: serde_json::Value = event.event.details().into_iter().map(pair).collect();
        Self {
            organization_id: event.organization.to_string(),
            id: event.id.to_string(),
            environment: event.environment.map(|environment| environment.to_string()),
            user_id: event.user.as_ref().map(ToString::to_string),
            name: event.event.name().to_owned(),
            details: details.to_string(),
            actor: actor(&caller.actor),
            request_id: caller.request.map(|request| request.to_string()),
            address: caller.address.map(|address| address.to_string()),
            happened_at: event.at.as_micros(),
        }
    }

    pub(super) fn into_record(self) -> Result<AuditRecord, PortFailure> {
        let environment =
            self.environment.map(|text| parse("audit_events.environment", &text)).transpose()?;
        Ok(AuditRecord {
            id: parse("audit_events.id", &self.id)?,
            environment,
            user: self.user_id.map(|text| user("audit_events.user_id", text)).transpose()?,
            name: self.name,
            details: serde_json::from_str(&self.details).map_err(|_| corrupt("audit_events.details"))?,
            actor: self.actor,
            request: self.request_id.map(|id| parse("audit_events.request_id", &id)).transpose()?,
            address: self.address.map(|text| parse("audit_events.address", &text)).transpose()?,
            at: time(self.happened_at),
        })
    }
}

fn pair((name, text): (&'static str, String)) -> [String; 2] {
    [name.to_owned(), text]
}

fn actor(actor: &Actor) -> String {
    match actor {
        Actor::User => "user".to_owned(),
        Actor::Operator => "operator".to_owned(),
        Actor::Service => "service".to_owned(),
        Actor::ApiKey(key) => format!("api_key:{}", key.as_str()),
    }
}

#[async_trait]
impl AuditLog for Database {
    async fn append(&self, event: AuditEvent) -> Result<(), PortFailure> {
        self.write(move |c| append(c, &event)).await
    }

    async fn page(&self, query: AuditQuery) -> Result<Vec<AuditRecord>, PortFailure> {
        let rows = self.read(move |c| match &query.user {
            Some(user) => Ok(by_user::page(c, &query, user)?),
            None => Ok(page(c, &query)?),
        });
        rows.await?.into_iter().map(AuditRow::into_record).collect()
    }
}

fn page(connection: &mut AnyConnection, query: &AuditQuery) -> QueryResult<Vec<AuditRow>> {
    let select = audit_events::table
        .filter(audit_events::organization_id.eq(query.organization.to_string()))
        .filter(audit_events::id.gt(after(query)))
        .order(audit_events::id)
        .limit(query.limit.into())
        .into_boxed();
    in_part!(select, query.part).load(connection)
}

/// The id after which a page begins. No id is the empty text, so everything comes after it.
fn after(query: &AuditQuery) -> String {
    query.after.map(|id| id.to_string()).unwrap_or_default()
}
