//! The trail of what happened to whose second factor, written in the same transaction as the change itself.

pub mod chain;
pub mod chain_ports;
pub mod event;
pub mod ports;
pub mod seal;
pub mod verify;
