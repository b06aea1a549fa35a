//! How SQLite finds what statements ask for: what they read must not grow with the tables.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::thread;

use countersign_storage::Database;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;

use super::Files;

/// What the connections of this process have sent.
static SENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Tables that stay small, and the steps of the recursive statements: one for each webhook or organization that waits.
const SMALL: [&str; 3] = ["plans", "__diesel_schema_migrations", "waiting"];

/// A database that looks, when it goes, at the plans of all statements that were sent.
pub(crate) struct Planned(Files);

impl Planned {
    /// Connections are noted from here on.
    pub(crate) fn new() -> Self {
        set_default_instrumentation(|| Some(Box::new(note) as Box<dyn Instrumentation>)).unwrap();
        Self(Files::migrated())
    }

    pub(crate) fn open(&self) -> Database {
        self.0.open()
    }
}

/// Keeps the text of a statement without its values.
#[expect(clippy::needless_pass_by_value, reason = "Diesel gives it away")]
fn note(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = event {
        let sent = query.to_string();
        let text = sent.split(" -- binds").next().unwrap_or_default();
        SENT.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned());
    }
}

impl Drop for Planned {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let mut connection = self.0.sql();
        let sent = SENT.lock().unwrap().clone();
        assert!(sent.len() > 1, "nothing was noted");
        for text in sent.iter().filter(|text| is_of_an_adapter(text)) {
            for step in plan(&mut connection, text) {
                assert!(!is_walk(&step), "{step}: {text}");
            }
        }
    }
}

/// What Diesel writes for SQLite has names in backticks, and what we write ourselves is recursive; the insertion of no rows
/// at all reads nothing.
fn is_of_an_adapter(text: &str) -> bool {
    (text.contains('`') || text.starts_with("WITH RECURSIVE"))
        && !text.starts_with("EXPLAIN")
        && !text.ends_with("WHERE 1=0")
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The steps of a statement. SQLite plans anew when it knows the values, and takes an index on what is pending.
fn plan(connection: &mut SqliteConnection, text: &str) -> Vec<String> {
    let text = text.replace("`state` = ?", "`state` = 'pending'");
    let steps = diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load::<Step>(connection);
    steps.unwrap().into_iter().map(|step| step.detail).collect()
}

/// Whether a step reads a whole table, or all that several conditions find.
fn is_walk(step: &str) -> bool {
    let Some(scanned) = step.strip_prefix("SCAN ") else { return step == "MULTI-INDEX OR" };
    let is_small = SMALL.iter().any(|table| scanned.split(' ').next() == Some(table));
    !is_small && !scanned.ends_with("VALUES CLAUSE")
}
