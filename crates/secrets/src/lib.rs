//! Everything of Countersign that touches a key: the key ring, sealing of secrets, hashing of backup
//! codes, user tokens, step-up assertions, and the randomness of the operating system.
//!
//! The crate implements ports of `countersign_domain`; besides, it depends on `countersign_bcrypt_lanes`,
//! which is pure computation. Nothing in it reads a clock: the present instant is an argument, and randomness
//! comes through the `Entropy` port, which [`OsEntropy`] implements in the one place that may ask the
//! operating system.
//!
//! | module | port | technology |
//! | --- | --- | --- |
//! | [`OsEntropy`] | `Entropy` | `getrandom` |
//! | [`IdEntropy`] | `Entropy`, for ids alone | `getrandom`, asked for many ids at once |
//! | [`XChaChaSealer`] | `SecretSealer`, `WebhookSealer`, `AnswerSealer` | XChaCha20-Poly1305 |
//! | [`BcryptPool`] | `CodeHasher`, `CodeVerifier` | HMAC-SHA-384 under a pepper, then bcrypt, several interleaved |
//! | [`Ed25519AssertionSigner`] | `AssertionSigner` | JWS compact form, Ed25519 |
//! | [`AgeWriter`] | none: a file for a holder of a key elsewhere | age v1: X25519, HKDF, ChaCha20-Poly1305 |
//! | [`user_token::JwtVerifier`] | `UserTokenVerifier` | JWS compact form, HS256, RS256, ES256, Ed25519 |
//!
//! # How to extend it
//!
//! * A new kind of key gets a section of its own in [`KeyRing`]'s document, a new document version, and a check
//!   against all other keys: one key never serves two purposes.
//! * A new thing to seal gets a purpose of its own in the associated data of the sealer.
//! * A faster bcrypt goes into `countersign_bcrypt_lanes`; the pool and its check against the `bcrypt` crate
//!   stay.
//! * A new kind of user-token key is a variant of `user_token::Algorithm`; the compiler then names every place
//!   that has to know it.
//!
//! Whatever holds key material wipes it when dropped, and its `Debug` shows nothing of it.

mod age;
mod assertion;
mod backup_codes;
mod framing;
mod id_entropy;
mod key_ring;
mod os_entropy;
mod sealer;
mod secret_file;
pub mod user_token;
mod weakness;

pub use age::{AgeRecipient, AgeWriter, NotAnAgeRecipient};
pub use assertion::{AssertionSettings, Ed25519AssertionSigner, SigningKeyRejected};
pub use backup_codes::{BcryptCost, BcryptCostOutOfRange, BcryptPool, BcryptPoolOptions};
pub use id_entropy::IdEntropy;
pub use key_ring::{CannotChange, CurrentKeyRing, KeyLabel, KeyRing, KeyRingError, KeyRingFile};
pub use os_entropy::OsEntropy;
pub use sealer::XChaChaSealer;
pub use secret_file::{SecretFileError, read as read_secret_file};
pub use weakness::Weakness;
