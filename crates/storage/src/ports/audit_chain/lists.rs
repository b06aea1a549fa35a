//! Whether the lists of users' events are what the trail says. Each statement is about one page: on a trail of millions the
//! whole would take longer than a statement may.

use countersign_domain::audit::chain_ports::{ListEntry, Listed};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::backend::AnyConnection;
use crate::column::{parse, user};
use crate::schema::{audit_events, audit_events_by_user as lists, audit_seals};
use crate::unit::UnitResult;

/// The events with the seals after one number, up to another, that no list names under their user.
pub(super) fn unlisted(
    connection: &mut AnyConnection,
    organization: &str,
    after: i64,
    last: i64,
) -> QueryResult<Vec<String>> {
    let event = audit_events::organization_id
        .eq(audit_seals::organization_id)
        .and(audit_events::id.eq(audit_seals::event_id));
    let entry = lists::table
        .filter(lists::organization_id.eq(audit_events::organization_id))
        .filter(lists::user_id.nullable().eq(audit_events::user_id))
        .filter(lists::event_id.eq(audit_events::id));
    audit_seals::table
        .inner_join(audit_events::table.on(event))
        .filter(audit_seals::organization_id.eq(organization))
        .filter(audit_seals::number.gt(after))
        .filter(audit_seals::number.le(last))
        .filter(audit_events::user_id.is_not_null())
        .filter(not(exists(entry)))
        .order(audit_seals::number)
        .select(audit_events::id)
        .load(connection)
}

/// The entries after `after`: first what is left of that user's list, then the lists of the users that follow. Each is one
/// range of the key, which both in one condition would not be.
pub(super) fn page(
    connection: &mut AnyConnection,
    organization: &str,
    after: Option<&ListEntry>,
    limit: u32,
) -> UnitResult<Vec<Listed>> {
    let mut limit = i64::from(limit);
    let mut rows = Vec::new();
    if let Some(ListEntry { user, event }) = after {
        let rest = entries(organization, limit)
            .filter(lists::user_id.eq(user.as_str()))
            .filter(lists::event_id.gt(event.to_string()));
        rows = rest.load::<Row>(connection)?;
        limit = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    }
    // No id is the empty text, so everybody comes after it.
    let user = after.map_or("", |entry| entry.user.as_str());
    rows.extend(entries(organization, limit).filter(lists::user_id.gt(user)).load::<Row>(connection)?);
    rows.into_iter().map(|row| compare(connection, organization, row)).collect()
}

/// The user and the event of an entry.
type Row = (String, String);

#[diesel::dsl::auto_type(no_type_alias)]
fn entries(organization: &str, limit: i64) -> _ {
    lists::table
        .filter(lists::organization_id.eq(organization))
        .order((lists::user_id, lists::event_id))
        .limit(limit)
        .select((lists::user_id, lists::event_id))
}

/// Looks at the event of an entry. One at a time, because PostgreSQL would join with all events while it knows little of the
/// tables.
fn compare(connection: &mut AnyConnection, organization: &str, (of, event): Row) -> UnitResult<Listed> {
    let stored = audit_events::table.find((organization, &event)).select(audit_events::user_id);
    let stored = stored.get_result::<Option<String>>(connection).optional()?.flatten();
    let is_theirs = stored.as_ref() == Some(&of);
    let user = user("audit_events_by_user.user_id", of)?;
    Ok(Listed {
        entry: ListEntry { user, event: parse("audit_events_by_user.event_id", &event)? },
        is_theirs,
    })
}
