//! Webhooks: what happened, told to the platform's own servers.

pub mod address;
pub mod backoff;
pub mod deliver;
pub mod delivery;
pub mod delivery_ports;
pub mod events;
pub mod manage;
pub mod ports;
pub mod reseal;
pub mod secret;
pub mod url;
pub mod webhook;
