//! Several bcrypt computations interleaved on one core, in safe Rust.
mod base64;
mod batch;
mod blowfish;
mod cost;
mod digest;
mod lanes;
mod password;
mod pi;
mod salt;

pub use batch::{FASTEST_LANES, MAX_LANES, hash_all};
pub use cost::{Cost, CostOutOfRange};
pub use digest::{Digest, ParseError};
pub use lanes::{Job, hash_lanes};
pub use password::{Password, PasswordTooLong};
pub use salt::Salt;
