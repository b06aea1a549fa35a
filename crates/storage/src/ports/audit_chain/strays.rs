//! Events that have no seal and wait for none. Each statement is about one part of the trail: on a trail of millions the whole
//! would take longer than a statement may.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::backend::AnyConnection;
use crate::schema::{audit_events, audit_seals, audit_unsealed};

/// The last of the `limit` events that follow `after`.
pub(super) fn end_of_part(
    connection: &mut AnyConnection,
    organization: &str,
    after: &str,
    limit: u32,
) -> QueryResult<Option<String>> {
    let part = audit_events::table
        .filter(audit_events::organization_id.eq(organization))
        .filter(audit_events::id.gt(after))
        .order(audit_events::id)
        .limit(limit.into())
        .select(audit_events::id);
    Ok(part.load::<String>(connection)?.pop())
}

/// The strays among the events after `after`, up to `last`. The seals are confined to the same part: otherwise PostgreSQL may
/// join it with all of them.
pub(super) fn between(
    connection: &mut AnyConnection,
    organization: &str,
    after: &str,
    last: &str,
) -> QueryResult<Vec<String>> {
    let sealed = audit_seals::table
        .filter(audit_seals::organization_id.eq(organization))
        .filter(audit_seals::event_id.gt(after))
        .filter(audit_seals::event_id.le(last))
        .filter(audit_seals::event_id.eq(audit_events::id));
    let waiting = audit_unsealed::table
        .filter(audit_unsealed::organization_id.eq(organization))
        .filter(audit_unsealed::event_id.gt(after))
        .filter(audit_unsealed::event_id.le(last))
        .filter(audit_unsealed::event_id.eq(audit_events::id));
    audit_events::table
        .filter(audit_events::organization_id.eq(organization))
        .filter(audit_events::id.gt(after))
        .filter(audit_events::id.le(last))
        .filter(not(exists(sealed)))
        .filter(not(exists(waiting)))
        .order(audit_events::id)
        .select(audit_events::id)
        .load(connection)
}
