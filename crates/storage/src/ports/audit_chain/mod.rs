//! The seals of the audit trail. Every event waits in `audit_unsealed`, by a trigger, until its seal is written. With the seal
//! it goes onto its user's list, by another.

mod lists;
mod strays;
mod waiting;

use async_trait::async_trait;
use countersign_domain::audit::chain::ChainHash;
use countersign_domain::audit::chain_ports::{
    AuditChain, Link, LinkedRecord, ListEntry, Listed, Strays, Unsealed,
};
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{AuditEventId, OrganizationId};
use countersign_domain::time::Timestamp;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::audit::AuditRow;
use crate::backend::{AnyConnection, directly};
use crate::column::{corrupt, number, parse, storable};
use crate::database::Database;
use crate::schema::{audit_events, audit_seals, audit_unsealed};
use crate::unit::{UnitResult, inserted};

/// A row of `audit_seals`.
#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_seals, treat_none_as_default_value = false)]
struct SealRow {
    organization_id: String,
    number: i64,
    event_id: String,
    hash: Vec<u8>,
}

impl SealRow {
    fn hash(&self) -> Result<ChainHash, PortFailure> {
        let bytes = <[u8; 32]>::try_from(self.hash.as_slice());
        Ok(ChainHash::from_bytes(bytes.map_err(|_| corrupt("audit_seals.hash"))?))
    }

    fn into_link(self, event: Option<AuditRow>) -> Result<Link, PortFailure> {
        let record = match event.map(AuditRow::into_record) {
            Some(Ok(record)) => LinkedRecord::Stored(record),
            Some(Err(_)) => LinkedRecord::Unreadable,
            None => LinkedRecord::Missing,
        };
        Ok(Link {
            number: number("audit_seals.number", self.number)?,
            event: parse("audit_seals.event_id", &self.event_id)?,
            hash: self.hash()?,
            record,
        })
    }
}

#[async_trait]
impl AuditChain for Database {
    async fn to_seal(
        &self,
        until: Timestamp,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, PortFailure> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.read(move |c| waiting::waiting(c, &after, until, limit)).await
    }

    async fn seal(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: u32,
    ) -> Result<u32, PortFailure> {
        self.write(move |c| seal(c, organization, until, limit)).await
    }

    async fn links(
        &self,
        organization: OrganizationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Link>, PortFailure> {
        let (id, after) = (organization.to_string(), storable(after)?);
        let rows = self.read(move |c| {
            let seals = audit_seals::table
                .filter(audit_seals::organization_id.eq(&id))
                .filter(audit_seals::number.gt(after))
                .order(audit_seals::number)
                .limit(limit.into())
                .load::<SealRow>(c)?;
            let with_events = seals.into_iter().map(|seal| {
                let event = audit_events::table.find((&id, &seal.event_id)).first::<AuditRow>(c);
                Ok((seal, event.optional()?))
            });
            with_events.collect::<UnitResult<Vec<_>>>()
        });
        rows.await?.into_iter().map(|(seal, event)| seal.into_link(event)).collect()
    }

    async fn unsealed(&self, organization: OrganizationId, limit: u32) -> Result<Unsealed, PortFailure> {
        let id = organization.to_string();
        let found = self.read(move |c| {
            let own = audit_unsealed::table.filter(audit_unsealed::organization_id.eq(&id));
            let waiting = own.filter(exists(waiting_event())).count().get_result::<i64>(c)?;
            let lost = own.filter(not(exists(waiting_event()))).select(audit_unsealed::event_id);
            let lost = lost.order(audit_unsealed::event_id).limit(limit.into()).load::<String>(c)?;
            Ok((waiting, lost))
        });
        let (waiting, lost) = found.await?;
        Ok(Unsealed { waiting: number("count", waiting)?, lost: ids(&lost)? })
    }

    async fn strays(
        &self,
        organization: OrganizationId,
        after: Option<AuditEventId>,
        limit: u32,
    ) -> Result<Strays, PortFailure> {
        // No id is the empty text, so everything comes after it.
        let (id, after) = (organization.to_string(), after.map(|id| id.to_string()).unwrap_or_default());
        let found = self.read(move |c| {
            let last = strays::end_of_part(c, &id, &after, limit)?;
            let found = match &last {
                Some(last) => strays::between(c, &id, &after, last)?,
                None => Vec::new(),
            };
            Ok((found, last))
        });
        let (found, last) = found.await?;
        Ok(Strays { found: ids(&found)?, last: ids(last.as_slice())?.pop() })
    }

    async fn unlisted(
        &self,
        organization: OrganizationId,
        after: u64,
        last: u64,
    ) -> Result<Vec<AuditEventId>, PortFailure> {
        let (id, after, last) = (organization.to_string(), storable(after)?, storable(last)?);
        ids(&self.read(move |c| Ok(lists::unlisted(c, &id, after, last)?)).await?)
    }

    async fn listed(
        &self,
        organization: OrganizationId,
        after: Option<ListEntry>,
        limit: u32,
    ) -> Result<Vec<Listed>, PortFailure> {
        let id = organization.to_string();
        self.read(move |c| lists::page(c, &id, after.as_ref(), limit)).await
    }
}

fn ids(texts: &[String]) -> Result<Vec<AuditEventId>, PortFailure> {
    texts.iter().map(|text| parse("audit_events.id", text)).collect()
}

/// The event that a row of `audit_unsealed` speaks of.
#[diesel::dsl::auto_type(no_type_alias)]
fn waiting_event() -> _ {
    audit_events::table
        .filter(audit_events::organization_id.eq(audit_unsealed::organization_id))
        .filter(audit_events::id.eq(audit_unsealed::event_id))
}

/// The events that are next, locked to the end of the transaction in the order of their ids: who seals the same trail at the
/// same time waits for them, and then finds those that are left. What it reads of the chain, it reads afterwards. Where two
/// hold different events all the same, because one of them came late, the primary key of the seals decides.
fn hold_waiting(
    connection: &mut AnyConnection,
    organization: &str,
    until: Timestamp,
    limit: u32,
) -> QueryResult<Vec<String>> {
    // An event that is gone stays in the list, for the verification to find.
    let waiting = audit_unsealed::table
        .filter(audit_unsealed::organization_id.eq(organization))
        .filter(audit_unsealed::happened_at.le(until.as_micros()))
        .filter(exists(waiting_event()))
        .select(audit_unsealed::event_id)
        .order(audit_unsealed::event_id)
        .limit(limit.into());
    match connection {
        AnyConnection::Sqlite(connection) => waiting.load(connection),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => waiting.for_update().load(connection),
    }
}

fn seal(
    connection: &mut AnyConnection,
    organization: OrganizationId,
    until: Timestamp,
    limit: u32,
) -> UnitResult<u32> {
    let id = organization.to_string();
    let waiting = hold_waiting(connection, &id, until, limit)?;
    let last = audit_seals::table
        .filter(audit_seals::organization_id.eq(&id))
        .order(audit_seals::number.desc())
        .first::<SealRow>(connection)
        .optional()?;
    let (place, head) = match last {
        Some(last) => (number::<_, u64>("audit_seals.number", last.number)?, last.hash()?),
        None => (0, ChainHash::GENESIS),
    };
    let seals = continued(organization, (place, head), events(connection, &id, &waiting)?)?;
    let sealed = u32::try_from(seals.len()).unwrap_or(u32::MAX);
    let no_longer_wait =
        audit_unsealed::organization_id.eq(&id).and(audit_unsealed::event_id.eq_any(&waiting));
    directly!(connection, |c| diesel::delete(audit_unsealed::table.filter(no_longer_wait)).execute(c))?;
    let insert = diesel::insert_into(audit_seals::table).values(seals);
    inserted(directly!(connection, |c| insert.execute(c)))?;
    Ok(sealed)
}

/// These events, in the order of their ids.
fn events(connection: &mut AnyConnection, organization: &str, ids: &[String]) -> QueryResult<Vec<AuditRow>> {
    let found = audit_events::table
        .filter(audit_events::organization_id.eq(organization))
        .filter(audit_events::id.eq_any(ids))
        .order(audit_events::id);
    let found = directly!(connection, |c| found.load::<AuditRow>(c))?;
    // Each was there a moment ago, and none is ever removed.
    if found.len() == ids.len() { Ok(found) } else { Err(diesel::result::Error::NotFound) }
}

/// The seals of `events`, which follow the one of this number and hash.
fn continued(
    organization: OrganizationId,
    (mut place, mut head): (u64, ChainHash),
    events: Vec<AuditRow>,
) -> UnitResult<Vec<SealRow>> {
    let seal = |event: AuditRow| {
        let record = event.into_record()?;
        place = place.saturating_add(1);
        head = head.next(organization, place, &record);
        Ok(SealRow {
            organization_id: organization.to_string(),
            number: storable(place)?,
            event_id: record.id.to_string(),
            hash: head.as_bytes().to_vec(),
        })
    };
    events.into_iter().map(seal).collect()
}
