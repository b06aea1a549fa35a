//! What tests of every crate share: a clock that stands still, randomness that repeats itself, builders,
//! in-memory fakes of all ports, one contract suite for each port, and servers that tests start for themselves.
//!
//! Nothing here is for production: randomness is predictable, secrets are not sealed, and helpers panic,
//! because that is how a test fails.
//!
//! # How to test an adapter
//!
//! A contract suite states the duties of a port as named cases. The adapter hands in a factory that makes a
//! fresh instance for each case, in a test target with `harness = false`:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use countersign_testkit::{contract, fakes::MemoryStores};
//!
//! fn main() -> ExitCode {
//!     contract::run(contract::stores(|| async { MemoryStores::new().into_stores() }))
//! }
//! ```
//!
//! # How to add a case
//!
//! Write a private `async fn` in the suite's file and name it in the suite's table. A case that stands in no
//! table is dead code, and the build fails.
//!
//! # How to add a suite
//!
//! One file in `contract/` with a table of cases and a `trials` function; if the port is one of the stores,
//! name the table in [`contract::stores`] as well. Run it against the port's fake in `tests/contract.rs`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on fails by a panic"
)]
#![expect(
    clippy::similar_names,
    reason = "the domain speaks of a sealer and the sealed, of stores and the stored"
)]

pub mod arrange;
pub mod build;
pub mod clock;
pub mod contention;
pub mod contract;
pub mod engines;
pub mod entropy;
pub mod fakes;
pub mod services;
