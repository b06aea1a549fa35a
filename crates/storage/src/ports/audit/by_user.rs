//! The events of one user: of those that wait for their seal the user's are picked out, the sealed ones are on the user's list.

use countersign_domain::audit::ports::AuditQuery;
use countersign_domain::identity::UserId;
use diesel::prelude::*;

use super::{AuditRow, after, in_part};
use crate::backend::AnyConnection;
use crate::schema::{audit_events, audit_events_by_user, audit_unsealed};

/// The rows that `query` asks for of this user, in the order of their ids.
///
/// First those that wait, then those that are sealed: an event only ever moves from the one to the other, so none is missed
/// that moves in between, and one that was seen in both is dropped.
pub(super) fn page(
    connection: &mut AnyConnection,
    query: &AuditQuery,
    user: &UserId,
) -> QueryResult<Vec<AuditRow>> {
    let mut rows = waiting(connection, query, user)?;
    rows.extend(sealed(connection, query, user)?);
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows.dedup_by(|a, b| a.id == b.id);
    rows.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// Looks through what waits of the whole organization: what came in since it was sealed last.
fn waiting(c: &mut AnyConnection, query: &AuditQuery, user: &UserId) -> QueryResult<Vec<AuditRow>> {
    let event = audit_events::organization_id
        .eq(audit_unsealed::organization_id)
        .and(audit_events::id.eq(audit_unsealed::event_id));
    let select = audit_unsealed::table
        .inner_join(audit_events::table.on(event))
        .filter(audit_unsealed::organization_id.eq(query.organization.to_string()))
        .filter(audit_unsealed::user_id.eq(user.as_str()))
        .filter(audit_unsealed::event_id.gt(after(query)))
        .order(audit_unsealed::event_id)
        .limit(query.limit.into())
        .select(audit_events::all_columns)
        .into_boxed();
    in_part!(select, query.part).load(c)
}

/// Walks along the user's list, no further than the page goes.
fn sealed(c: &mut AnyConnection, query: &AuditQuery, user: &UserId) -> QueryResult<Vec<AuditRow>> {
    let event = audit_events::organization_id
        .eq(audit_events_by_user::organization_id)
        .and(audit_events::id.eq(audit_events_by_user::event_id));
    let select = audit_events_by_user::table
        .inner_join(audit_events::table.on(event))
        .filter(audit_events_by_user::organization_id.eq(query.organization.to_string()))
        .filter(audit_events_by_user::user_id.eq(user.as_str()))
        .filter(audit_events_by_user::event_id.gt(after(query)))
        .order(audit_events_by_user::event_id)
        .limit(query.limit.into())
        .select(audit_events::all_columns)
        .into_boxed();
    in_part!(select, query.part).load(c)
}
