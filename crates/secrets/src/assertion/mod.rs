//! Step-up assertions: JWTs (RFC 7519) in JWS compact form (RFC 7515), signed with Ed25519 (RFC 8037).
//!
//! Any service checks them without asking us, with the key set that [`CurrentKeyRing`](crate::CurrentKeyRing) publishes.
//! Their type, `stepup+jwt`, keeps them apart from user tokens (RFC 8725, section 3.11).
//!
//! A signing key is exchanged in three steps, each of which is a change of the key ring: it is added and
//! thereby published; when receivers have had time to fetch the set, it is made the primary one; when the
//! last assertion of the old key has expired, the old key is taken away.

mod jwk;
mod jws;
mod keys;
mod signer;

pub(crate) use self::keys::AssertionKeys;
pub use self::keys::SigningKeyRejected;
pub use self::signer::{AssertionSettings, Ed25519AssertionSigner};

#[cfg(test)]
mod tests;
