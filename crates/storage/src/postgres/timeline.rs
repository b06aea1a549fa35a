//! Which primary this is, as the timeline of its log tells: promotion begins a new one.

use countersign_domain::time::Timestamp;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::failover::Failovers;
use crate::schema::database_timeline::dsl::{changed_at, database_timeline, timeline};

/// The first eight digits of the name of a log file.
const PRESENT: &str = "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)";
/// The server's clock, in microseconds since 1970.
const NOW: &str = "(extract(epoch from clock_timestamp()) * 1000000)::bigint";

/// Remembers the timeline, and tells `failovers` when it was last noticed to be another one. Whoever connects first
/// after a failover notices it; nothing is written on a new primary before somebody has.
pub(crate) fn watch(connection: &mut PgConnection, failovers: &Failovers) -> QueryResult<()> {
    let present: String = diesel::select(sql::<Text>(PRESENT)).get_result(connection)?;
    let row = database_timeline.find(1);
    // The first primary that is seen took over from nobody.
    diesel::update(row.filter(timeline.is_null())).set(timeline.eq(&present)).execute(connection)?;
    diesel::update(row.filter(timeline.ne(&present)))
        .set((timeline.eq(&present), changed_at.eq(sql::<Nullable<BigInt>>(NOW))))
        .execute(connection)?;
    if let Some(at) = row.select(changed_at).first::<Option<i64>>(connection)? {
        failovers.noticed(Timestamp::from_micros(at));
    }
    Ok(())
}
