//! What the use cases do, told with the fakes of all ports.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails by a panic"
)]

mod admission;
mod authenticate;
mod check_keys;
mod consume_turns;
mod disable_and_reset;
mod import;
mod imported_codes;
mod policy;
mod proof;
mod proof_failure;
mod quota_meter;
mod read_status;
mod regenerate;
mod relationships;
mod retire_key;
mod start_setup;
mod start_setup_contention;
mod start_setup_quota;
mod verify_setup;
mod verify_setup_contention;
mod verify_setup_failure;
mod webhooks;
mod world;
