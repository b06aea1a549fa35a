//! Every storing port does on SQLite what its contract says, with and without a memory in front of it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "sqlite/support.rs"]
mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use countersign_storage::{CachedApiKeys, CachedOrganizations, Database};
use countersign_testkit::build::NOW;
use countersign_testkit::clock::ManualClock;
use countersign_testkit::contract::{self, Stores, api_key_store, organization_store};

use crate::support::Files;

fn main() -> ExitCode {
    let mut trials = contract::stores(|| async { on_sqlite() });
    let organizations = organization_store::cases();
    trials.extend(contract::trials("cached_organization_store", organizations, || async { cached() }));
    trials.extend(contract::trials("cached_api_key_store", api_key_store::cases(), || async { cached() }));
    contract::run(trials)
}

fn on_sqlite() -> Stores {
    let files = Files::migrated();
    Stores::of(Arc::new(files.open())).keeping(files)
}

fn cached() -> Stores {
    let files = Files::migrated();
    let database: Arc<Database> = Arc::new(files.open());
    let clock = Arc::new(ManualClock::new(NOW));
    let mut stores = Stores::of(database.clone()).keeping(files);
    stores.organizations = Arc::new(CachedOrganizations::new(database.clone(), clock.clone()));
    stores.api_keys = Arc::new(CachedApiKeys::new(database, clock.clone()));
    stores.settling_by(move || clock.advance(Duration::from_secs(5)))
}
