//! Webhooks over HTTP: the message as JSON, its signature, and a client that connects to nothing but addresses that were
//! checked.
//!
//! [`HttpWebhookSender`] implements `WebhookSender` of the domain. It decides nothing: which addresses are acceptable is the
//! domain's `AddressPolicy`, and when to try again its backoff.
//!
//! # How to extend it
//!
//! - *What is sent* is `body`; a field that was sent once stays.
//! - *A proxy for what goes out* would resolve names itself, out of sight of `resolver`: it has to keep webhooks from
//!   addresses inside by rules of its own.

mod body;
mod resolver;
mod sender;
mod signature;

pub use sender::{HttpWebhookSender, NoClient};
