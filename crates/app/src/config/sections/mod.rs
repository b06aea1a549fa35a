//! The typed sections, one file each.

mod assertions;
mod auth;
mod database;
mod hashing;
mod keys;
mod limits;
mod mode;
mod server;
mod telemetry;
mod two_factor;
mod webhooks;

pub(crate) use assertions::Assertions;
pub(crate) use auth::Auth;
pub(crate) use database::Database;
pub(crate) use hashing::Hashing;
pub(crate) use keys::Keys;
pub(crate) use limits::Limits;
pub(crate) use mode::{Mode, Top};
pub(crate) use server::Server;
pub(crate) use telemetry::{LogFormat, Telemetry};
pub(crate) use two_factor::TwoFactor;
pub(crate) use webhooks::Webhooks;
