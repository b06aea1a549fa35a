//! Rows that only make a database large.
//!
//! A million users cannot be enrolled one by one in the time of a benchmark. What it measures on a large database are
//! the few who were; around them, evenly among them in the order of their names, stand copies of their rows.

use std::path::Path;

use anyhow::Context as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;

use super::people::NAME_DIGITS;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Fills the embedded database at `path` up to `users` factors; every `stride`th name belongs to an enrolled user.
pub(crate) fn fill(path: &Path, users: u64, stride: u64) -> anyhow::Result<()> {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).context("no database")?;
    let columns: Vec<Column> =
        diesel::sql_query("SELECT name FROM pragma_table_info('factors')").load(&mut connection)?;
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let values: Vec<_> = names.iter().copied().map(value).collect();
    let (names, values) = (names.join(", "), values.join(", "));
    let last = users.saturating_sub(1);
    connection
        .batch_execute(&format!(
            "PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; BEGIN IMMEDIATE;
             WITH RECURSIVE numbers (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number < {last}),
                 model AS (SELECT * FROM factors LIMIT 1)
             INSERT INTO factors ({names}) SELECT {values} FROM numbers, model WHERE number % {stride} <> 0;
             COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"
        ))
        .context("the rows do not fit the schema")
}

fn value(column: &str) -> String {
    match column {
        "user_id" => format!("printf('user-%0{NAME_DIGITS}d', number)"),
        other => format!("model.{other}"),
    }
}
