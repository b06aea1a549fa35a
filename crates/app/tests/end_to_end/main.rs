//! The whole service over real HTTP, with an authenticator that is not ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic, and its name says what it shows"
)]

mod clock;
mod contention;
mod durability;
mod idempotency;
mod journey;
mod limits;
mod newer_schema;
mod policy;
mod rotation;
mod secrecy;
mod shared_limits;
#[path = "../support/mod.rs"]
mod support;
mod usage;
mod verification;
mod webhooks;
