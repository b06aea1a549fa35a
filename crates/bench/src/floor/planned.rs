//! Statements that SQLite plans once. Diesel plans an `UPDATE` anew each time, which costs more than to run it; a floor does
//! not do that.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement whose text is always the same, which the type `S` stands for.
pub(super) struct Planned<S, Q> {
    statement: Q,
    text: PhantomData<S>,
}

impl<S, Q> Planned<S, Q> {
    pub(super) fn once(statement: Q) -> Self {
        Self { statement, text: PhantomData }
    }
}

impl<S: 'static, Q> QueryId for Planned<S, Q> {
    type QueryId = S;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S, Q: Query> Query for Planned<S, Q> {
    type SqlType = Q::SqlType;
}

impl<S, Q, C> RunQueryDsl<C> for Planned<S, Q> {}

impl<S, Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Planned<S, Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.statement.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}
