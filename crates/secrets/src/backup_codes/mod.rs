//! Backup codes become bcrypt hashes.
//!
//! A code passes through three layers: [`prehash`] binds it to its place with a MAC under a pepper, [`bcrypt_hash`]
//! computes one bcrypt of that, and [`pool`] decides when and on which thread, with [`work_queue`] in between. A
//! computation that hashes several codes at once replaces [`bcrypt_hash`] and leaves the others as they are.

mod bcrypt_hash;
mod cost;
mod pool;
mod prehash;
mod priority;
mod work_queue;

pub use self::cost::{BcryptCost, BcryptCostOutOfRange};
pub use self::pool::{BcryptPool, BcryptPoolOptions};
