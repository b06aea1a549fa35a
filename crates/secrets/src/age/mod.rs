//! Files that only the holder of a key elsewhere can read, in the format `age-encryption.org/v1` with X25519
//! recipients (C2SP, "The age file encryption format"). We write them and cannot read them.

mod bech32;
mod header;
mod recipient;
mod writer;

pub use recipient::{AgeRecipient, NotAnAgeRecipient};
pub use writer::AgeWriter;
