//! The trail of what happened to whose second factor, written in the same transaction as the change itself.

pub mod chain;
pub mod event;
pub mod ports;
