//! The rules of Countersign: second factors, quota, admission and audit.
//!
//! This crate computes and decides. It performs no I/O, reads no clock and draws no randomness of its own:
//! whatever it needs from outside is a *port*, a small trait that stands beside the use case it serves
//! (`two_factor::ports`, `quota::ports`, `admission::ports`, `audit::ports`, `webhooks::ports`, `idempotency::ports`, and
//! [`time::Clock`],
//! [`entropy::Entropy`], [`keys::KeyRegistry`], [`health::Dependency`]). It builds without an async runtime,
//! a database or a web framework, so a batch tool can use it as it is.
//!
//! # The dependency rule
//!
//! No crate of this workspace may be a dependency of this one. Adapters depend on the domain, never on each
//! other; only the application names concrete adapters.
//!
//! # How to add a port
//!
//! 1. State the duty in the trait's documentation: what is atomic, what is unique, what absence means.
//! 2. A method is one atomic unit; there is no transaction trait. One-time use and counting are one
//!    conditional statement of the adapter, never a read followed by a write.
//! 3. Absence is `Ok(None)`, a lost race is a value of an outcome enum, and `Err(PortFailure)` means that the
//!    port could not do its job.
//! 4. Add a contract suite and a fake to `countersign-testkit`, with a contention case for each method that
//!    claims or counts.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod admission;
pub mod audit;
pub mod entropy;
pub mod failure;
pub mod health;
pub mod idempotency;
pub mod identity;
pub mod keys;
pub mod quota;
pub mod time;
pub mod two_factor;
pub mod webhooks;
