//! The ports of the domain on [`Database`](crate::Database), one file each.

mod api_keys;
mod audit;
mod audit_chain;
mod deliveries;
mod factors;
pub(crate) mod health;
mod idempotency;
mod key_registry;
mod organizations;
mod plans;
mod policy;
mod proofs;
pub(crate) mod quota;
mod sealed_factors;
mod sealed_webhooks;
mod tidying;
mod usage;
mod users;
mod webhooks;
