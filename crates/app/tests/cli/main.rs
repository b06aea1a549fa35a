//! The command line, run as a user runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic, and its name says what it shows"
)]

mod audit;
mod beside_a_server;
mod commands;
mod configuration;
mod doctor;
mod first_run;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_tls;
mod production;
mod stopping;
#[path = "../support/mod.rs"]
mod support;
mod usage;
mod users;
