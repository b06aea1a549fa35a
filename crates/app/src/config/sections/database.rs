//! Where the data is kept.

use std::num::NonZeroU32;

use crate::config::setting::section;
use crate::config::value::{DatabaseAddress, Span};

section! {
    /// Where the data is kept.
    Database, "database." {
        /// The database, as `sqlite:PATH` or `postgres://USER@HOST/DATABASE`. Without it, development uses
        /// `countersign.db` in the data directory; production needs it.
        url: Option<DatabaseAddress> = "",
        /// Threads that read at the same time, each with a connection of its own.
        readers: NonZeroU32 = "4",
        /// Threads that write to PostgreSQL at the same time, each with a connection of its own. SQLite has one.
        writers: NonZeroU32 = "8",
        /// How long a call waits for one of the threads of PostgreSQL before it is refused with 503: 10 ms to 30 s.
        wait: Span = "1s",
        /// Whether codes that may have been accepted before PostgreSQL failed over are refused with 503, for up to 90
        /// seconds. Clusters that lose no acknowledged write (`synchronous_mode_strict` of Patroni) need no such time.
        failover_quarantine: bool = "true",
    }
}
