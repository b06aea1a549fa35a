//! What is special about the adapter on SQLite.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "a test may panic"
)]

mod erasure;
mod files;
mod health;
mod sharing;
mod strictness;
#[path = "../support/mod.rs"]
mod support;
