//! Which organizations have events that wait for their seal.

use countersign_domain::identity::OrganizationId;
use countersign_domain::time::Timestamp;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::backend::{AnyConnection, directly};
use crate::column::parse;
use crate::unit::UnitResult;

/// Each step goes to the next organization: what is read grows with the organizations that wait, not with their events.
/// The order is that of the steps.
const WAITING: &str = "\
WITH RECURSIVE waiting (organization_id) AS (
    SELECT min(organization_id) FROM audit_unsealed WHERE organization_id > $1
    UNION ALL
    SELECT (
        SELECT min(event.organization_id) FROM audit_unsealed AS event
        WHERE event.organization_id > waiting.organization_id
    )
    FROM waiting WHERE waiting.organization_id IS NOT NULL
)
SELECT waiting.organization_id FROM waiting
WHERE EXISTS (
    SELECT 1 FROM audit_unsealed AS event
    WHERE event.organization_id = waiting.organization_id AND event.happened_at <= $2
)
LIMIT $3";

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = Text)]
    organization_id: String,
}

/// The organizations behind `after` with events up to `until`, in order.
pub(super) fn waiting(
    c: &mut AnyConnection,
    after: &str,
    until: Timestamp,
    limit: u32,
) -> UnitResult<Vec<OrganizationId>> {
    let waiting = diesel::sql_query(WAITING)
        .bind::<Text, _>(after)
        .bind::<BigInt, _>(until.as_micros())
        .bind::<BigInt, _>(i64::from(limit));
    let waiting = directly!(c, |c| waiting.load::<Waiting>(c))?;
    let ids = waiting.iter().map(|one| parse("audit_unsealed.organization_id", &one.organization_id));
    Ok(ids.collect::<Result<_, _>>()?)
}
