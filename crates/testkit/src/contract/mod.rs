//! The duties of each port as named cases that every adapter has to pass.
//!
//! A suite is a table of cases. [`run`] makes one test of each case: it gets a harness of its own from the
//! adapter's factory, and a runtime with several threads.

pub mod answer_sealer;
pub mod api_key_store;
pub mod audit_by_user;
pub mod audit_chain;
pub mod audit_log;
mod case;
pub mod code_hasher;
pub mod delivery_store;
pub mod factor_store;
pub mod idempotency_store;
pub mod key_registry;
pub mod organization_store;
pub mod plan_store;
pub mod proof_store;
pub mod quota_store;
pub mod rate_limiter;
mod sealed;
pub mod sealed_factors;
pub mod sealed_webhooks;
pub mod secret_sealer;
mod stores;
pub mod usage_store;
pub mod user_directory;
pub mod webhook_sealer;
pub mod webhook_store;

use std::process::ExitCode;

pub use case::{Case, trials};
use libtest_mimic::Arguments;
pub use libtest_mimic::Trial;
pub use stores::Stores;

/// The suites of all stores. `factory` makes empty stores, over a database of their own, that hold the
/// built-in plans and nothing else.
pub fn stores<F, M>(factory: F) -> Vec<Trial>
where
    F: Fn() -> M + Clone + Send + Sync + 'static,
    M: Future<Output = Stores> + Send + 'static,
{
    let with_organizations = {
        let factory = factory.clone();
        move || {
            let made = factory();
            async move { made.await.with_organizations().await }
        }
    };
    let suites = [
        ("proof_store", proof_store::cases()),
        ("organization_store", organization_store::cases()),
        ("plan_store", plan_store::cases()),
        ("api_key_store", api_key_store::cases()),
        ("usage_store", usage_store::cases()),
        ("quota_store", quota_store::cases()),
        ("audit_log", audit_log::cases()),
        ("audit_by_user", audit_by_user::cases()),
        ("audit_chain", audit_chain::cases()),
        ("webhook_store", webhook_store::cases()),
        ("delivery_store", delivery_store::cases()),
        ("sealed_webhooks", sealed_webhooks::cases()),
        ("user_directory", user_directory::cases()),
        ("idempotency_store", idempotency_store::cases()),
    ];
    let mut all = trials("factor_store", factor_store::cases(), with_organizations.clone());
    all.extend(trials("key_registry", key_registry::cases(), with_organizations.clone()));
    all.extend(trials("sealed_factors", sealed_factors::cases(), with_organizations));
    all.extend(suites.into_iter().flat_map(|(suite, cases)| trials(suite, cases, factory.clone())));
    all
}

/// Runs the trials as the arguments of the process ask for: the `main` of a test target with
/// `harness = false`.
pub fn run(trials: Vec<Trial>) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
