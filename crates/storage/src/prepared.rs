//! Updates that stay prepared.
//!
//! Diesel keeps a statement prepared when its type tells its text. Of an `UPDATE` it supposes that a changeset may leave
//! columns out, and has each one planned anew, which costs more than to run it. A changeset that is written as
//! `column.eq(…)`, or as a tuple of these, always has the same text. The benchmark measures the bare statements in the same
//! way, and so this is public.

use std::marker::PhantomData;

use diesel::associations::HasTable;
use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AsChangeset, AstPass, Query, QueryFragment, QueryId};

/// Keeps an update prepared that returns something. The text of the expression must be the same each time: no optional
/// column, no list of values, no boxed filter.
macro_rules! prepared {
    ($update:expr) => {{
        enum Statement {}
        $crate::prepared::Prepared::<Statement, _>::new($update)
    }};
}
pub(crate) use prepared;

/// An update that returns something, with a type of its own, `S`, by which the prepared statement is found again.
pub struct Prepared<S, Q> {
    update: Q,
    statement: PhantomData<fn() -> S>,
}

impl<S, Q: Query> Prepared<S, Q> {
    /// The text of `update` is the same wherever `S` is.
    pub fn new(update: Q) -> Self {
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

/// Keeps `UPDATE … SET changes WHERE condition` prepared; the texts of both must be the same each time. To return something
/// makes SQLite keep a temporary table for each call, so this is for what only asks how many rows it changed.
macro_rules! prepared_update {
    ($condition:expr, $changes:expr) => {{
        enum Statement {}
        $crate::prepared::PreparedUpdate::<Statement, _, _, _>::new($condition, $changes)
    }};
}
pub(crate) use prepared_update;

/// An update that returns nothing, with a type of its own, too. Whether a statement may be kept, Diesel asks its parts when it is executed, and its own
/// update says no; so this one is made of a condition and of changes, which say yes.
pub struct PreparedUpdate<S, T: QuerySource, W, C> {
    table: T::FromClause,
    condition: W,
    changes: C,
    statement: PhantomData<fn() -> S>,
}

impl<S, T: QuerySource, W, C> PreparedUpdate<S, T, W, C> {
    /// The texts of both are the same wherever `S` is.
    pub fn new<A>(condition: W, changes: A) -> Self
    where
        A: AsChangeset<Target = T, Changeset = C>,
        T: HasTable<Table = T>,
        W: AppearsOnTable<T>,
    {
        let (table, changes) = (T::table().from_clause(), changes.as_changeset());
        Self { table, condition, changes, statement: PhantomData }
    }
}

impl<S: 'static, T: QuerySource, W, C> QueryId for PreparedUpdate<S, T, W, C> {
    type QueryId = S;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S, T: QuerySource, W, C, Conn> RunQueryDsl<Conn> for PreparedUpdate<S, T, W, C> {}

impl<S, T, W, C, DB> QueryFragment<DB> for PreparedUpdate<S, T, W, C>
where
    DB: Backend,
    T: QuerySource<FromClause: QueryFragment<DB>>,
    W: QueryFragment<DB>,
    C: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("UPDATE ");
        self.table.walk_ast(pass.reborrow())?;
        pass.push_sql(" SET ");
        self.changes.walk_ast(pass.reborrow())?;
        pass.push_sql(" WHERE ");
        self.condition.walk_ast(pass)
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

    fn reset(connection: &mut SqliteConnection, id: i32, most: i64) -> usize {
        let condition = write_probe::id.eq(id).and(write_probe::writes.le(most));
        prepared_update!(condition, write_probe::writes.eq(0)).execute(connection).unwrap()
    }

    #[test]
    fn an_update_that_returns_nothing_is_prepared_once_and_tells_how_many_rows_it_changed() {
        let (mut connection, kept) = connection();
        assert_eq!(add(&mut connection, 1, 5), 5);
        assert_eq!(add(&mut connection, 2, 7), 7);
        assert_eq!(reset(&mut connection, 1, 4), 0);
        assert_eq!(reset(&mut connection, 1, 5), 1);
        assert_eq!(reset(&mut connection, 3, 5), 0);
        assert_eq!(kept.load(Ordering::SeqCst), 2);
        assert_eq!(add(&mut connection, 1, 1), 1);
        assert_eq!(add(&mut connection, 2, 1), 8);
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
