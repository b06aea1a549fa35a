//! Updates that stay prepared.
//!
//! Diesel keeps a statement prepared when its type tells its text. Of an `UPDATE` it supposes that a changeset may leave
//! columns out, and has each one planned anew, which costs more than to run it. A changeset that is written as
//! `column.eq(…)`, or as a tuple of these, always has the same text.

use std::marker::PhantomData;

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// Keeps an update prepared that returns something; of any other Diesel asks elsewhere whether it may. The text of the expression must be the same each time: no optional column, no list of
/// values, no boxed filter.
macro_rules! prepared {
    ($update:expr) => {{
        enum Statement {}
        $crate::prepared::Prepared::<Statement, _>::new($update)
    }};
}
pub(crate) use prepared;

/// An update with a type of its own, `S`, by which the prepared statement is found again.
pub(crate) struct Prepared<S, Q> {
    update: Q,
    statement: PhantomData<fn() -> S>,
}

impl<S, Q: Query> Prepared<S, Q> {
    pub(crate) fn new(update: Q) -> Self {
        Self { update, statement: PhantomData }
    }
}

impl<S: 'static, Q> QueryId for Prepared<S, Q> {
    type QueryId = S;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S, Q: Query> Query for Prepared<S, Q> {
    type SqlType = Q::SqlType;
}

impl<S, Q, C> RunQueryDsl<C> for Prepared<S, Q> {}

impl<S, Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Prepared<S, Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.update.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection as _};
    use diesel::prelude::*;
    use diesel::sqlite::SqliteConnection;

    use crate::schema::write_probe;

    /// A connection, and how many statements it has kept.
    fn connection() -> (SqliteConnection, Arc<AtomicUsize>) {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection
            .batch_execute(
                "CREATE TABLE write_probe (id INTEGER PRIMARY KEY, writes BIGINT NOT NULL);
                 INSERT INTO write_probe VALUES (1, 0), (2, 0);",
            )
            .unwrap();
        let kept = Arc::new(AtomicUsize::new(0));
        let counted = kept.clone();
        let count = move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        };
        connection.set_instrumentation(Box::new(count) as Box<dyn Instrumentation>);
        (connection, kept)
    }

    fn add(connection: &mut SqliteConnection, id: i32, writes: i64) -> i64 {
        let row = write_probe::table.filter(write_probe::id.eq(id));
        let update = diesel::update(row).set(write_probe::writes.eq(write_probe::writes + writes));
        prepared!(update.returning(write_probe::writes)).get_result(connection).unwrap()
    }

    fn set(connection: &mut SqliteConnection, writes: i64) -> Vec<i32> {
        let update = diesel::update(write_probe::table).set(write_probe::writes.eq(writes));
        prepared!(update.returning(write_probe::id)).load(connection).unwrap()
    }

    #[test]
    fn an_update_is_prepared_once_and_runs_with_the_values_of_each_call() {
        let (mut connection, kept) = connection();
        assert_eq!(add(&mut connection, 1, 5), 5);
        assert_eq!(add(&mut connection, 1, 2), 7);
        assert_eq!(add(&mut connection, 2, 1), 1);
        assert_eq!(kept.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn different_updates_are_not_mistaken_for_each_other() {
        let (mut connection, kept) = connection();
        assert_eq!(add(&mut connection, 1, 5), 5);
        assert_eq!(set(&mut connection, 3), [1, 2]);
        assert_eq!(add(&mut connection, 1, 5), 8);
        assert_eq!(kept.load(Ordering::SeqCst), 2);
    }
}
