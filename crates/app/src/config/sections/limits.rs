//! How fast clients may call.

use std::num::{NonZeroU32, NonZeroUsize};

use crate::config::setting::section;

section! {
    /// How fast clients may call. The rate of an organization is part of its plan.
    Limits, "limits." {
        /// Where the token buckets are kept: `memory:` is this process.
        url: String = "memory:",
        /// The most buckets that `memory:` keeps; beyond it, the fullest ones are forgotten.
        max_buckets: NonZeroUsize = "100000",
        /// Requests per second without valid credentials, for each client address.
        client_requests_per_second: NonZeroU32 = "20",
        /// How many of them may come at once.
        client_burst: NonZeroU32 = "40",
        /// Whether clients on the loopback interface are exempt from that limit; only in development.
        loopback_exempt: bool = "false",
    }
}
