//! How fast clients may call.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use crate::config::SecretRef;
use crate::config::setting::section;
use crate::config::value::ServiceUrl;

section! {
    /// How fast clients may call. The rate of an organization is part of its plan.
    Limits, "limits." {
        /// Where the token buckets are kept. `memory:` is this process; a Redis or Valkey that all servers share is
        /// `redis://HOST:PORT/DATABASE`, `redis+cluster://HOST,HOST` or `redis+sentinel://HOST,HOST/MASTER`, with TLS
        /// `rediss…`.
        url: ServiceUrl = "memory:",
        /// The password of that store, where it does not stand in the URL.
        password: Option<SecretRef> = "",
        /// A file with certificates in PEM of which one must have signed the store's; without it, those that the system
        /// trusts.
        ca_file: Option<PathBuf> = "",
        /// How many servers share the store. While it is gone, each gives this part of every bucket, at least one token.
        nodes: NonZeroU32 = "2",
        /// The most buckets that a process keeps itself; beyond it, the fullest ones are forgotten.
        max_buckets: NonZeroUsize = "100000",
        /// Requests per second without valid credentials, for each client address.
        client_requests_per_second: NonZeroU32 = "20",
        /// How many of them may come at once.
        client_burst: NonZeroU32 = "40",
        /// Whether clients on the loopback interface are exempt from that limit; only in development.
        loopback_exempt: bool = "false",
    }
}
