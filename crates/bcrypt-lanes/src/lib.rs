//! Several bcrypt computations interleaved on one core, in safe Rust.
//!
//! bcrypt is a chain of table look-ups, each of which needs the result of the one before. The tables fit in
//! the first-level cache, and yet the processor spends most of the time waiting for it. One computation
//! cannot be made faster in that way, but several independent ones can share the time: this crate runs `N` of
//! them as *lanes* of one loop, so that one lane computes while another one waits. A server that hashes ten
//! recovery codes, or that has several passwords to check, gets them for a third to a fourth of the processor
//! time.
//!
//! The digests are ordinary ones. Their texts start with `$2b$`, and every implementation of bcrypt verifies
//! them.
//!
//! ```
//! use countersign_bcrypt_lanes::{Cost, Digest, Job, Password, Salt, hash_all};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cost = Cost::new(5)?; // Use 10 or more.
//! let salts = [Salt([1; 16]), Salt([2; 16])]; // Use random bytes.
//! let jobs = [
//!     Job { password: Password::new(b"correct horse")?, salt: salts[0] },
//!     Job { password: Password::new(b"battery staple")?, salt: salts[1] },
//! ];
//! let texts: Vec<String> = hash_all(cost, &jobs).iter().map(Digest::to_string_2b).collect();
//!
//! // Later: evaluate no text that would cost more than cost 12 does.
//! let digest = Digest::parse(&texts[0], Cost::MIN..=Cost::new(12)?)?;
//! assert!(digest.verify(Password::new(b"correct horse")?));
//! assert!(!digest.verify(Password::new(b"battery staple")?));
//! # Ok(())
//! # }
//! ```
//!
//! # What to call
//!
//! | | |
//! | --- | --- |
//! | [`hash_all`] | any number of jobs; picks the numbers of lanes from a table of measured times |
//! | [`hash_lanes`] | a number of jobs that is a constant |
//! | [`Digest::verify`] | one password against one digest |
//!
//! To verify several passwords together, make a [`Job`] of each password and of the [`Digest::salt`] that it
//! is checked against, call [`hash_all`] and compare the digests with `==`. All jobs of a call share one
//! [`Cost`], because the lanes advance in step; call once for each cost.
//!
//! The crate computes and does nothing else: it starts no thread, takes no lock and draws no random number. A
//! call returns when all of its digests are there, which is seconds at high costs, so do not call it on a
//! thread that serves others.
//!
//! # How many lanes
//!
//! On one core of an AMD EPYC of the Zen 4 generation, in a plain release build for x86-64. The times are the
//! least of 25 short runs at cost 6, scaled to cost 10. `benches/lanes.rs` makes the same comparison on
//! another machine.
//!
//! | lanes | ms for each digest | digests per second, the crate = 1 |
//! | --- | --- | --- |
//! | the `bcrypt` crate 0.19 | 58.5 | 1.00 |
//! | 1 | 54.3 | 1.08 |
//! | 2 | 29.3 | 2.00 |
//! | 3 | 21.2 | 2.76 |
//! | 4 | 18.1 | 3.23 |
//! | 5 | 16.5 | 3.55 |
//! | 6 | 15.7 | 3.73 |
//! | 7 | 16.0 | 3.66 |
//! | 8 | 16.2 | 3.61 |
//! | 10 | 17.6 | 3.32 |
//!
//! More than six lanes gain nothing there: they only delay the first digest, and from eight on the states
//! (4168 bytes each) outgrow a first-level cache of 32 KiB. A core that shares its caches
//! and issue slots with a busy hyper-thread gains less. [`FASTEST_LANES`] is the best number for throughput;
//! a caller with several threads should cut its jobs evenly among them first, in parts of at most that
//! number.
//!
//! # Limits
//!
//! - A password has 0 to 72 bytes. A longer one is an error and never cut. See [`Password`] for zero bytes.
//! - `$2a$`, `$2b$` and `$2y$` are read and mean the same; `$2b$` is written. `$2x$`, the mark of digests of
//!   a faulty implementation, is refused. So are, in effect, the few `$2a$` digests of non-ASCII passwords
//!   that `crypt_blowfish` makes differ on purpose from what that fault could have made: they never verify.
//! - Parsing is strict: there is one text for each digest and version.
//!
//! # Security
//!
//! - The addresses of bcrypt's look-ups depend on the password. Whoever can watch the cache of the core
//!   learns about them, here as in every implementation of bcrypt.
//! - The running time depends on the cost and on the number of jobs, and not on the passwords or on their
//!   lengths.
//! - Digests are compared in constant time.
//! - The states and keys of all lanes are overwritten before a call returns, also when it unwinds. Copies of
//!   single words in registers and in their places on the stack are not, and the password belongs to the
//!   caller.
//! - A text's cost is checked against the caller's bounds before anything is computed.
//! - Neither errors nor `Debug` show a password, a checksum or a digest's text.
//! - There is no unsafe code.
//!
//! # Correctness
//!
//! The tests compute pi and compare Blowfish's tables with it, digit by digit; they compare digests with
//! those of the `bcrypt` crate for random passwords, salts, costs and numbers of lanes, with those of the
//! system's libcrypt for each length, and with published vectors.

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
