//! The floor under a verdict on SQLite: the statements of a verification with a right code in a bare loop, with the
//! settings of the server and many to a commit, but without HTTP, tokens, codes and threads.

mod exchange;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use countersign_storage::prepared::PreparedUpdate;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

diesel::table! {
    factors (organization_id, environment, user_id) {
        organization_id -> Text,
        environment -> Text,
        user_id -> Text,
        factor_id -> Text,
        sealing_key_id -> BigInt,
        sealed_secret -> Binary,
        state -> Text,
        last_step -> Nullable<BigInt>,
        totp_failures -> BigInt,
        totp_locked_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    webhooks (organization_id, environment, id) {
        organization_id -> Text,
        environment -> Text,
        id -> Text,
        status -> Text,
    }
}

diesel::table! {
    audit_events (organization_id, id) {
        organization_id -> Text,
        id -> Text,
        environment -> Nullable<Text>,
        user_id -> Nullable<Text>,
        name -> Text,
        details -> Text,
        actor -> Text,
        happened_at -> BigInt,
    }
}

/// What the server sets on its connections.
const SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
     PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON;
     PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 12000;
     PRAGMA journal_size_limit = 67108864;";

/// The text of the update.
enum Claim {}

/// A copy of a database that nobody else uses.
pub(crate) struct Floor {
    connection: SqliteConnection,
    organization: String,
    /// Verdicts in one commit.
    group: usize,
    /// Events of the trail that were written.
    written: u64,
}

impl Floor {
    /// Copies the database at `path` to `copy`, while a server may use it. As many verdicts are committed together as
    /// half of the `callers` make, for the others wait for their replies.
    pub(crate) fn copy(path: &Path, copy: &Path, organization: &str, callers: usize) -> anyhow::Result<Self> {
        let mut original = SqliteConnection::establish(&path.to_string_lossy()).context("no database")?;
        original.batch_execute(&format!("PRAGMA busy_timeout = 5000; VACUUM INTO '{}'", copy.display()))?;
        let mut connection = SqliteConnection::establish(&copy.to_string_lossy())?;
        connection.batch_execute(SETTINGS)?;
        Ok(Self { connection, organization: organization.to_owned(), group: callers / 2, written: 0 })
    }

    /// Verdicts a second about these users, one after the other and again from the first.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn verdicts_per_second(&mut self, users: &[&str], at_least: Duration) -> anyhow::Result<f64> {
        let began = Instant::now();
        let before = self.written;
        let mut users = users.iter().cycle();
        while began.elapsed() < at_least {
            self.connection.batch_execute("BEGIN IMMEDIATE")?;
            for user in users.by_ref().take(self.group) {
                self.verdict(user)?;
            }
            self.connection.batch_execute("COMMIT")?;
        }
        let verdicts = self.written.saturating_sub(before);
        Ok(verdicts as f64 / began.elapsed().as_secs_f64())
    }

    fn verdict(&mut self, user: &str) -> QueryResult<()> {
        let Self { connection, organization, written, .. } = self;
        *written = written.saturating_add(1);
        let (factor_id, step) = hold(connection, organization, user)?;
        let next = step.unwrap_or(0).saturating_add(1);
        claim(connection, organization, user, &factor_id, next)?;
        diesel::insert_into(audit_events::table)
            .values((
                audit_events::organization_id.eq(organization.as_str()),
                audit_events::id.eq(format!("{written:026}")),
                audit_events::environment.eq(Some("live")),
                audit_events::user_id.eq(Some(user)),
                audit_events::name.eq("two_factor.verified"),
                audit_events::details.eq("[[\"method\",\"totp\"]]"),
                audit_events::actor.eq("user"),
                audit_events::happened_at.eq(next),
            ))
            .execute(connection)?;
        let told = webhooks::table
            .filter(webhooks::organization_id.eq(organization.as_str()))
            .filter(webhooks::status.eq("active"));
        told.select(webhooks::id).load::<String>(connection).map(drop)
    }
}

/// The factor, as the server reads it: its id and its last step.
fn hold(
    connection: &mut SqliteConnection,
    organization: &str,
    user: &str,
) -> QueryResult<(String, Option<i64>)> {
    type Row = (String, String, String, String, i64, Vec<u8>, String, Option<i64>, i64, Option<i64>);
    let row: Row = factors::table.find((organization, "live", user)).get_result(connection)?;
    Ok((row.3, row.7))
}

fn claim(
    connection: &mut SqliteConnection,
    organization: &str,
    user: &str,
    factor_id: &str,
    step: i64,
) -> QueryResult<usize> {
    let is_unspent = factors::organization_id
        .eq(organization)
        .and(factors::environment.eq("live"))
        .and(factors::user_id.eq(user))
        .and(factors::factor_id.eq(factor_id))
        .and(factors::last_step.assume_not_null().lt(step));
    let cleared = (
        factors::last_step.eq(Some(step)),
        factors::totp_failures.eq(0),
        factors::totp_locked_until.eq(None::<i64>),
    );
    PreparedUpdate::<Claim, _, _, _>::new(is_unspent, cleared).execute(connection)
}
