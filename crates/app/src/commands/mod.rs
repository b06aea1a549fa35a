//! The commands, one file each: their arguments and their work.

pub(crate) mod api_key;
pub(crate) mod audit;
pub(crate) mod completions;
pub(crate) mod doctor;
mod from_file;
pub(crate) mod keyring;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod org;
pub(crate) mod plan;
pub(crate) mod purge;
pub(crate) mod serve;
pub(crate) mod token;
pub(crate) mod usage;
pub(crate) mod user;

use std::sync::Arc;

use countersign_domain::admission::organization::Organization;
use countersign_domain::entropy::Entropy;
use countersign_domain::health::Dependency;
use countersign_domain::identity::OrganizationId;
use countersign_domain::time::Clock;

use crate::cli::Work;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::output::Output;
use crate::telemetry;
use crate::wiring::{self, Stores};

/// How a command ended that did not fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub(crate) enum Outcome {
    /// All is done.
    Done,
    /// It finished, but rows were refused.
    RowsRefused,
}

/// The command was typed wrongly in a way that only its work shows.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUsage(pub(crate) String);

/// What every command works with.
pub(crate) struct Session {
    /// The configuration.
    pub(crate) config: Config,
    /// Where results go.
    pub(crate) output: Output,
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether the same clock runs evenly.
    pub(crate) clock_health: Arc<dyn Dependency>,
    /// Randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Session {
    /// A session with the clock and the randomness of the operating system.
    pub(crate) fn new(config: Config, output: Output) -> Self {
        let clock = Arc::new(SystemClock::new());
        Self { config, output, clock: clock.clone(), clock_health: clock, entropy: wiring::entropy() }
    }

    /// The opened database. Development makes what is missing; production refuses, and says what to do.
    pub(crate) async fn stores(&self) -> anyhow::Result<Stores> {
        wiring::open_stores(&self.config).await
    }
}

/// An organization that must exist.
pub(crate) async fn existing_organization(
    stores: &Stores,
    id: OrganizationId,
) -> anyhow::Result<Organization> {
    let found = stores.organizations.find(id).await?;
    found.ok_or_else(|| anyhow::anyhow!("there is no organization {id}; `countersign org list` shows them"))
}

/// Does `work`, after everything that it needs of the configuration is checked.
pub(crate) async fn run(work: Work, session: &Session) -> anyhow::Result<Outcome> {
    match work {
        Work::Doctor => return doctor::run(session).await,
        Work::Serve(_) => session.config.check_to_serve()?,
        _ => session.config.check()?,
    }
    telemetry::start(&session.config)?;
    match work {
        Work::Serve(_) => serve::run(session).await,
        Work::Migrate(arguments) => migrate::run(&arguments, session).await,
        Work::Org(arguments) => org::run(arguments, session).await,
        Work::Plan(arguments) => plan::run(arguments, session).await,
        Work::ApiKey(arguments) => api_key::run(arguments, session).await,
        Work::Token(arguments) => token::run(arguments, session).await,
        Work::User(arguments) => user::run(arguments, session).await,
        Work::Usage(arguments) => usage::run(arguments, session).await,
        Work::Audit(arguments) => audit::run(arguments, session).await,
        Work::Keyring(arguments) => keyring::run(arguments, session).await,
        Work::Purge => purge::run(session).await,
        Work::Doctor => doctor::run(session).await,
    }
}
