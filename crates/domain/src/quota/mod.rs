//! What an organization may use in a billing period, and what happens when it has used that.

pub mod allowance;
pub mod consume;
pub mod meter;
pub mod period;
pub mod plan;
pub mod ports;
pub mod quota_ports;
pub mod recount_ports;
pub mod relationships;
pub mod rule;
pub mod snapshot;
