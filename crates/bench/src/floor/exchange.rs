//! The floor under sealing anew: the same rows are read and changed, as many to a commit as the job does, but nothing is
//! opened or sealed.

use std::time::Instant;

use countersign_storage::prepared::PreparedUpdate;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::{Floor, factors};

/// Rows in one commit.
const BATCH: i64 = 500;

/// The text of the update.
enum Exchange {}

/// A factor's key, its id and its secret.
type Row = (String, String, String, String, Vec<u8>);

impl Floor {
    /// Rows a second that go from the key `old` to the key `new`: all there are.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn exchanges_per_second(&mut self, old: u32, new: u32) -> anyhow::Result<f64> {
        let Self { connection, organization, .. } = self;
        let (mut after, mut exchanged) = (String::new(), 0_u64);
        let began = Instant::now();
        while let rows @ [.., last] = batch(connection, organization, old, &after)?.as_slice() {
            connection.batch_execute("BEGIN IMMEDIATE")?;
            for row in rows {
                exchange(connection, row, old, new)?;
                exchanged = exchanged.saturating_add(1);
            }
            connection.batch_execute("COMMIT")?;
            after.clone_from(&last.2);
        }
        Ok(exchanged as f64 / began.elapsed().as_secs_f64())
    }
}

/// The rows of the organization behind `after` that are sealed with the key `old`.
fn batch(
    connection: &mut SqliteConnection,
    organization: &str,
    old: u32,
    after: &str,
) -> QueryResult<Vec<Row>> {
    factors::table
        .filter(factors::sealing_key_id.eq(i64::from(old)))
        .filter(factors::organization_id.eq(organization))
        .filter(factors::environment.eq("live"))
        .filter(factors::user_id.gt(after))
        .order((factors::organization_id, factors::environment, factors::user_id))
        .limit(BATCH)
        .select((
            factors::organization_id,
            factors::environment,
            factors::user_id,
            factors::factor_id,
            factors::sealed_secret,
        ))
        .load(connection)
}

fn exchange(
    connection: &mut SqliteConnection,
    (organization, environment, user, factor, secret): &Row,
    old: u32,
    new: u32,
) -> QueryResult<usize> {
    let other: Vec<u8> = secret.iter().rev().copied().collect();
    let unchanged = factors::organization_id
        .eq(organization)
        .and(factors::environment.eq(environment))
        .and(factors::user_id.eq(user))
        .and(factors::factor_id.eq(factor))
        .and(factors::sealing_key_id.eq(i64::from(old)))
        .and(factors::sealed_secret.eq(secret));
    let exchanged = (factors::sealing_key_id.eq(i64::from(new)), factors::sealed_secret.eq(other));
    PreparedUpdate::<Exchange, _, _, _>::new(unchanged, exchanged).execute(connection)
}
