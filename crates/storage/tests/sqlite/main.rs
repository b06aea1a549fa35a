//! What is special about the adapter on SQLite. What every adapter has to do is in `contract.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "a test may panic"
)]

mod constraints;
mod corruption;
mod durability;
mod erasure;
mod health;
mod migrations;
mod sharing;
mod support;
mod tampering;
