//! The API over real sockets, with the domain's use cases over in-memory ports.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::allow_attributes,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on fails by a panic"
)]

mod bad_bodies;
mod bad_credentials;
mod bad_fields;
mod client_addresses;
mod connections;
mod disconnects;
mod documentation;
mod envelopes;
mod faults;
mod idempotency;
mod imports;
mod logs;
mod operations;
mod platform;
mod policy;
mod proofs;
mod quotas;
mod rates;
mod raw_heads;
mod routes;
mod setups;
mod statuses_of_setup;
mod stopping;
mod support;
mod trail;
mod usage;
mod users;
mod webhooks;
