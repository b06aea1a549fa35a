//! Every storing port does on every database system what its contract says, with and without a memory in front of it, and
//! also where a newer version has expanded the schema already. On SQLite no statement on the way walks through a table.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use countersign_storage::{CachedApiKeys, CachedOrganizations, Database};
use countersign_testkit::build::NOW;
use countersign_testkit::clock::ManualClock;
use countersign_testkit::contract::{self, Stores, Trial, api_key_store, organization_store};

use crate::support::plans::Planned;
use crate::support::{Engine, TestDatabase};

fn main() -> ExitCode {
    let mut trials = named("sqlite", contract::stores(|| async { planned() }));
    trials.extend(named("sqlite_expanded", contract::stores(|| async { expanded() })));
    #[cfg(feature = "postgres")]
    {
        trials.extend(named("postgres", contract::stores(|| async { of_one_organization() })));
        trials.extend(named("postgres_expanded_serializable", contract::stores(|| async { serializable() })));
    }
    trials.extend(named("sqlite", remembering(Engine::Sqlite)));
    #[cfg(feature = "postgres")]
    trials.extend(named("postgres", remembering(Engine::Postgres)));
    contract::run(trials)
}

/// The stores that have a memory in front of them.
fn remembering(engine: Engine) -> Vec<Trial> {
    let stores = move || async move { cached(engine) };
    let mut trials = contract::trials("cached_organization_store", organization_store::cases(), stores);
    trials.extend(contract::trials("cached_api_key_store", api_key_store::cases(), stores));
    trials
}

fn named(system: &str, trials: Vec<Trial>) -> Vec<Trial> {
    trials.into_iter().map(|trial| trial.with_kind(system)).collect()
}

/// SQLite that looks at the plans of what is sent to it.
fn planned() -> Stores {
    let place = Planned::new();
    Stores::of(Arc::new(place.open())).keeping(place)
}

/// SQLite with the schema of a newer version.
fn expanded() -> Stores {
    let place = TestDatabase::expanded(Engine::Sqlite);
    Stores::of(Arc::new(place.open())).keeping(place)
}

/// PostgreSQL that refuses to write for two organizations in one transaction.
#[cfg(feature = "postgres")]
fn of_one_organization() -> Stores {
    let place = TestDatabase::of_one_organization();
    Stores::of(Arc::new(place.open())).keeping(place)
}

/// PostgreSQL with the schema of a newer version, where every transaction sees one moment as an operator may have set it.
#[cfg(feature = "postgres")]
fn serializable() -> Stores {
    let place = TestDatabase::expanded(Engine::Postgres);
    let options = "options=-c%20default_transaction_isolation%3Dserializable";
    let url = format!("{}?{options}", place.url()).parse().unwrap();
    Stores::of(Arc::new(support::open(&url))).keeping(place)
}

fn cached(engine: Engine) -> Stores {
    let place = TestDatabase::migrated(engine);
    let database: Arc<Database> = Arc::new(place.open());
    let clock = Arc::new(ManualClock::new(NOW));
    let mut stores = Stores::of(database.clone()).keeping(place);
    stores.organizations = Arc::new(CachedOrganizations::new(database.clone(), clock.clone()));
    stores.api_keys = Arc::new(CachedApiKeys::new(database, clock.clone()));
    stores.settling_by(move || clock.advance(Duration::from_secs(5)))
}
