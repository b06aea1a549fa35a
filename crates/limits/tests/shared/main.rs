//! Limits that processes share, and what becomes of them when the store is gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod arithmetic;
mod failover;
mod log;
mod login;
mod losses;
mod server_time;
mod sharing;
mod support;
mod tls;
mod wrong_answers;
