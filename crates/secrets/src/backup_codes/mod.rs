//! Backup codes become bcrypt hashes, and are compared with them.
//!
//! A code of ours passes through three layers: [`prehash`] binds it to its place with a MAC under a pepper,
//! [`bcrypt_hash`] computes bcrypt of several of those at once, and [`pool`] decides when and on which
//! thread, with [`work_queue`] in between. [`self_check`] compares the computation with another
//! implementation when the threads start.

mod bcrypt_hash;
mod cost;
mod hash_input;
mod pool;
mod prehash;
mod priority;
mod self_check;
mod work_queue;

pub use self::cost::{BcryptCost, BcryptCostOutOfRange};
pub use self::pool::{BcryptPool, BcryptPoolOptions};
