//! What goes beyond the contracts of the ports, on every database system.
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
mod health;
mod listing_events;
mod lock_order;
mod migrations;
mod partitioning;
mod sharing;
#[path = "../support/mod.rs"]
mod support;
mod tampering;
mod usage;
