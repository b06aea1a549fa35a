//! Token buckets: the adapters of the port
//! [`RateLimiter`](countersign_domain::admission::ports::RateLimiter).
//!
//! The arithmetic is the domain's (`admission::bucket`); an adapter only remembers buckets and takes from
//! them one caller at a time. [`MemoryRateLimiter`] keeps them in this process,
//! [`SharedRateLimiter`] in Redis or Valkey for all processes that share it.
//!
//! # How to add an adapter
//!
//! 1. Keep the duties of the port: decide as the domain does, take atomically, and bound the memory whatever
//!    keys come. An adapter over a shared store decides by itself while the store is gone.
//! 2. Give it a variant of [`LimitsUrl`] with a scheme of its own. The application chooses by that, and
//!    nobody else.
//! 3. Run the contract suite of the testkit against it, as `tests/contract.rs` does.

mod buckets;
mod memory;
mod shared;
mod store_url;
mod url;

pub use memory::MemoryRateLimiter;
pub use shared::{SharedOptions, SharedRateLimiter, TimeSource};
pub use store_url::StoreUrl;
pub use url::{LimitsUrl, NotALimitsUrl};
