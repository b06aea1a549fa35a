//! In-memory fakes of all ports. The stores keep their duties (the contract suites run against them); none of
//! them keeps anything beyond the process.

mod api_keys;
mod audit;
mod codes;
mod dependency;
mod factors;
mod hasher;
mod idempotency;
mod key_registry;
mod limiter;
mod organizations;
mod plans;
mod proofs;
mod sealer;
mod sender;
mod signer;
mod stores;
mod usage;
mod user_tokens;
mod users;
mod verifier;
mod webhooks;

pub use api_keys::MemoryApiKeys;
pub use audit::MemoryAudit;
pub use dependency::SwitchedDependency;
pub use factors::MemoryFactors;
pub use hasher::CountingHasher;
pub use key_registry::MemoryKeyRegistry;
pub use limiter::{MemoryLimiter, OpenLimiter};
pub use organizations::MemoryOrganizations;
pub use plans::MemoryPlans;
pub use sealer::PlainSealer;
pub use sender::ScriptedSender;
pub use signer::PlainSigner;
pub use stores::MemoryStores;
pub use usage::MemoryUsage;
pub use user_tokens::StaticTokens;
pub use verifier::CountingVerifier;
pub use webhooks::MemoryWebhooks;
