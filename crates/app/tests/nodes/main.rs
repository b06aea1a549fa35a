//! Several nodes on one PostgreSQL and one Redis Cluster, behind a client that goes from one to the next.
#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic, and its name says what it shows"
)]

mod cluster;
mod codes;
mod keys;
mod limits;
mod losses;
mod quota;
#[path = "../support/mod.rs"]
mod support;
