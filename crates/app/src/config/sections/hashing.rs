//! How backup codes are hashed.

use std::num::NonZeroUsize;

use crate::config::setting::section;

section! {
    /// How backup codes are hashed.
    Hashing, "hashing." {
        /// The cost of bcrypt: 10 to 14. Development also accepts 4 to 9, for tests.
        cost: u32 = "10",
        /// Threads that hash sets of backup codes, and as many that verify one; 0 takes one for each processor.
        threads: usize = "0",
        /// Sets of codes that may wait for a thread; more are refused with 503.
        queue: NonZeroUsize = "64",
    }
}
