//! Batch work over the ports: what an operator starts at the command line, and what a server does by the minute.
//!
//! A job takes small steps. Each step is one call of a port, durable by itself, so a job can be stopped between two
//! steps ([`Stop`]) or killed in the middle of one, and going on means running it again. What it has done, and which rows
//! it could not do, it tells as [`Event`]s to an [`Observer`]; how they are shown is the application's business.
//!
//! | module | work |
//! | --- | --- |
//! | [`export_trail`] | hands out an audit trail with its seals |
//! | [`export_users`] | hands out the factors of an organization |
//! | [`import_users`] | takes over the factors of another system |
//! | [`purge`] | removes what has had its time |
//! | [`record_usage`] | counts usage that a file tells |
//! | [`recount_usage`] | compares the counters of usage with what their rows tell |
//! | [`reseal`] | seals anew what is sealed with an older key |
//!
//! # How to add a job
//!
//! One file: a struct with the ports that it needs, and a method that takes an [`Observer`] and a [`Stop`] when it may
//! take long; what the rows of a file tell is done by a [`RowsJob`]. One bad row is [`Event::Refused`] and never ends the
//! job; a [`PortFailure`] ends it.
//!
//! # How to add something that is sealed
//!
//! Implement the domain's `SealedRows` over its table, make a `Reseal` of it, and name it where the application lists what
//! is sealed anew; count its rows in `KeyRegistry`.
//!
//! # How to add something that expires
//!
//! Implement [`purge::Expiring`] over its port in `purge.rs`, and name it where the application lists them.
//!
//! [`PortFailure`]: countersign_domain::failure::PortFailure

pub mod export_trail;
pub mod export_users;
pub mod import_users;
mod line;
mod progress;
pub mod purge;
pub mod record_usage;
pub mod recount_usage;
pub mod reseal;
mod rows_job;
mod stop;

pub use line::Line;
pub use progress::{Event, Observer};
pub use rows_job::{RowsJob, Tally};
pub use stop::{Stop, Stopper};
