//! Which webhooks have something due.

use countersign_domain::time::Timestamp;
use countersign_domain::webhooks::webhook::WebhookKey;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::backend::{AnyConnection, directly};
use crate::ports::webhooks as rows;
use crate::unit::UnitResult;

/// Each step goes to the next webhook for which something waits, and looks at the first of it: what is read grows with
/// the webhooks that wait, not with the deliveries. A receiver that was down for hours leaves a great many.
const DUE: &str = "\
WITH RECURSIVE waiting (webhook_id) AS (
    SELECT min(webhook_id) FROM webhook_deliveries WHERE state = 'pending'
    UNION ALL
    SELECT (
        SELECT min(delivery.webhook_id) FROM webhook_deliveries AS delivery
        WHERE delivery.state = 'pending' AND delivery.webhook_id > waiting.webhook_id
    )
    FROM waiting WHERE waiting.webhook_id IS NOT NULL
), first AS (
    SELECT waiting.webhook_id, (
        SELECT min(delivery.next_attempt_at) FROM webhook_deliveries AS delivery
        WHERE delivery.state = 'pending' AND delivery.webhook_id = waiting.webhook_id
    ) AS next_attempt_at
    FROM waiting
)
SELECT webhooks.organization_id, webhooks.environment, webhooks.id
FROM first INNER JOIN webhooks ON webhooks.id = first.webhook_id
WHERE first.next_attempt_at <= $1 AND webhooks.status <> 'paused'
ORDER BY first.next_attempt_at
LIMIT $2";

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Text)]
    organization_id: String,
    #[diesel(sql_type = Text)]
    environment: String,
    #[diesel(sql_type = Text)]
    id: String,
}

/// Webhooks that are not paused and have something due, those that wait longest first.
pub(super) fn due(c: &mut AnyConnection, now: Timestamp, limit: u32) -> UnitResult<Vec<WebhookKey>> {
    let due = diesel::sql_query(DUE).bind::<BigInt, _>(now.as_micros()).bind::<BigInt, _>(i64::from(limit));
    let due = directly!(c, |c| due.load::<Due>(c))?;
    let keys = due.iter().map(|due| rows::key(&due.organization_id, &due.environment, &due.id));
    Ok(keys.collect::<Result<_, _>>()?)
}
