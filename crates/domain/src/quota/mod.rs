//! What an organization may use in a billing period, and what happens when it has used that.

pub mod meter;
pub mod period;
pub mod plan;
pub mod ports;
pub mod rule;
pub mod snapshot;
