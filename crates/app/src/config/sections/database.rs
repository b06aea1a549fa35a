//! Where the data is kept.

use std::num::NonZeroU32;

use crate::config::setting::section;

section! {
    /// Where the data is kept.
    Database, "database." {
        /// The database, as `sqlite:PATH`. Without it, development uses `countersign.db` in the data directory;
        /// production needs it.
        url: Option<String> = "",
        /// Threads that read at the same time, each with a connection of its own; one more writes.
        readers: NonZeroU32 = "4",
    }
}
