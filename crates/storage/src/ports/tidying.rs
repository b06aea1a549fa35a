//! Rows that go because of their age belong to many organizations, which may be kept on different servers.

use countersign_domain::failure::PortFailure;
use diesel::QueryResult;

use crate::backend::AnyConnection;
use crate::column::number;
use crate::database::Database;

impl Database {
    /// Has `tidy` look at each of the rows again, in the order of their keys, those of each organization in a transaction of its
    /// own; tells how many rows it changed. `organization` is a key's first part.
    pub(super) async fn tidy<K: Clone + Ord + Send + Sync + 'static>(
        &self,
        mut keys: Vec<K>,
        organization: fn(&K) -> &str,
        tidy: impl Fn(&mut AnyConnection, &K) -> QueryResult<usize> + Clone + Send + 'static,
    ) -> Result<u32, PortFailure> {
        keys.sort_unstable();
        let mut tidied = 0_u32;
        for of_one in keys.chunk_by(|one, other| organization(one) == organization(other)) {
            let (of_one, tidy) = (of_one.to_vec(), tidy.clone());
            let changed = self.write(move |c| {
                let each = of_one.iter().map(|key| tidy(c, key));
                Ok(each.sum::<QueryResult<usize>>()?)
            });
            tidied = tidied.saturating_add(number("changed rows", changed.await?)?);
        }
        Ok(tidied)
    }
}
