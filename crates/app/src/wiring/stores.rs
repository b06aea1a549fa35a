//! The database, behind the ports that commands and the API use.

use std::sync::Arc;

use anyhow::Context as _;
use countersign_domain::admission::ports::{ApiKeyStore, OrganizationStore, PlanStore};
use countersign_domain::audit::chain_ports::AuditChain;
use countersign_domain::audit::ports::AuditLog;
use countersign_domain::health::Dependency;
use countersign_domain::idempotency::ports::IdempotencyStore;
use countersign_domain::keys::KeyRegistry;
use countersign_domain::keys::reseal::SealedRows;
use countersign_domain::quota::ports::UsageStore;
use countersign_domain::quota::quota_ports::QuotaStore;
use countersign_domain::quota::recount_ports::UsageRecount;
use countersign_domain::two_factor::directory::UserDirectory;
use countersign_domain::two_factor::ports::FactorStore;
use countersign_domain::two_factor::proof_ports::ProofStore;
use countersign_domain::two_factor::reseal::FactorPlace;
use countersign_domain::webhooks::delivery_ports::DeliveryStore;
use countersign_domain::webhooks::ports::{WebhookSecretPlace, WebhookStore};
use countersign_jobs::purge::{ExpiredAnswers, ExpiredSetups, ExpiredTurnAnswers, Expiring, OldDeliveries};
use countersign_storage::{Database, DatabaseOptions, DatabaseUrl, ServerLock, migrate};

use crate::config::Config;
use crate::development::DataDir;

/// Every store.
pub(crate) struct Stores {
    /// Organizations.
    pub(crate) organizations: Arc<dyn OrganizationStore>,
    /// Plans.
    pub(crate) plans: Arc<dyn PlanStore>,
    /// API keys.
    pub(crate) api_keys: Arc<dyn ApiKeyStore>,
    /// Usage.
    pub(crate) usage: Arc<dyn UsageStore>,
    /// The same use, under ceilings.
    pub(crate) quotas: Arc<dyn QuotaStore>,
    /// The same use, counted again.
    pub(crate) recount: Arc<dyn UsageRecount>,
    /// The audit trail.
    pub(crate) audit: Arc<dyn AuditLog>,
    /// The seals of the same trail.
    pub(crate) chain: Arc<dyn AuditChain>,
    /// Factors.
    pub(crate) factors: Arc<dyn FactorStore>,
    /// The same factors, for proofs.
    pub(crate) proofs: Arc<dyn ProofStore>,
    /// The sealed secrets of the same factors.
    pub(crate) sealed: Arc<dyn SealedRows<FactorPlace>>,
    /// The sealed secrets of webhooks.
    pub(crate) sealed_webhooks: Arc<dyn SealedRows<WebhookSecretPlace>>,
    /// The users of the same factors.
    pub(crate) users: Arc<dyn UserDirectory>,
    /// The answers of calls.
    pub(crate) answers: Arc<dyn IdempotencyStore>,
    /// Webhooks.
    pub(crate) webhooks: Arc<dyn WebhookStore>,
    /// What is on the way to them.
    pub(crate) deliveries: Arc<dyn DeliveryStore>,
    /// Fingerprints of keys.
    pub(crate) key_registry: Arc<dyn KeyRegistry>,
    /// Whether the database can be used.
    pub(crate) health: Arc<dyn Dependency>,
    database: Arc<Database>,
}

impl Stores {
    /// Waits until nobody has a store any more and their connections are closed.
    pub(crate) fn closed(&self) -> impl Future<Output = ()> + use<> {
        self.database.closed()
    }

    /// What goes when it has had its time.
    pub(crate) fn expiring(&self) -> Vec<Arc<dyn Expiring>> {
        vec![
            Arc::new(ExpiredSetups(self.factors.clone())),
            Arc::new(ExpiredAnswers(self.answers.clone())),
            Arc::new(ExpiredTurnAnswers(self.quotas.clone())),
            Arc::new(OldDeliveries(self.deliveries.clone())),
        ]
    }
}

/// One migration.
pub(crate) struct Migration {
    /// Its id.
    pub(crate) id: String,
    /// Whether the database has it.
    pub(crate) applied: bool,
}

/// What a database is like before anything is changed.
pub(crate) enum DatabaseState {
    /// It can be used.
    Usable,
    /// There is none.
    Absent,
    /// These migrations are missing.
    Behind(Vec<String>),
}

/// Opens the database. Development makes it and brings it up to date first.
pub(crate) async fn open_stores(config: &Config) -> anyhow::Result<Stores> {
    let url = url(config)?;
    if !config.is_production() {
        prepare(config, url.clone()).await?;
    }
    open(config, url).await
}

async fn open(config: &Config, url: DatabaseUrl) -> anyhow::Result<Stores> {
    let settings = &config.database;
    let options = DatabaseOptions {
        readers: settings.readers,
        writers: settings.writers,
        turn: settings.wait.0,
        failover_quarantine: settings.failover_quarantine,
    };
    let database = blocking(move || Database::open(&url, options)).await?;
    let database = Arc::new(database.context("the database cannot be used")?);
    Ok(Stores {
        organizations: database.clone(),
        plans: database.clone(),
        api_keys: database.clone(),
        usage: database.clone(),
        quotas: database.clone(),
        recount: database.clone(),
        audit: database.clone(),
        chain: database.clone(),
        factors: database.clone(),
        proofs: database.clone(),
        sealed: database.clone(),
        sealed_webhooks: database.clone(),
        users: database.clone(),
        answers: database.clone(),
        webhooks: database.clone(),
        deliveries: database.clone(),
        key_registry: database.clone(),
        health: database.clone(),
        database,
    })
}

async fn prepare(config: &Config, url: DatabaseUrl) -> anyhow::Result<()> {
    let data_dir = if config.database.url.is_none() { Some(config.data_dir.clone()) } else { None };
    blocking(move || {
        let _locked = data_dir.as_deref().map(DataDir::prepare).transpose()?;
        migrate::up(&url).context("the database cannot be prepared")
    })
    .await??;
    Ok(())
}

/// Applies every migration that is missing, and makes a SQLite file when there is none.
pub(crate) async fn migrate_up(config: &Config) -> anyhow::Result<()> {
    prepare(config, url(config)?).await
}

/// Takes the newest migration back.
pub(crate) async fn migrate_down(config: &Config) -> anyhow::Result<()> {
    let url = url(config)?;
    // Tables are not taken away under a server.
    let _lock = ServerLock::acquire(&url).context("stop the server first")?;
    blocking(move || migrate::down(&url, 1)).await?.context("the database cannot be changed")?;
    Ok(())
}

/// Every migration, in order.
pub(crate) async fn migrations(config: &Config) -> anyhow::Result<Vec<Migration>> {
    let url = url(config)?;
    let status = blocking(move || migrate::status(&url)).await?.context("the database cannot be read")?;
    Ok(status.into_iter().map(|one| Migration { id: one.id, applied: one.applied }).collect())
}

/// What the database is like; changes nothing.
pub(crate) async fn inspect_database(config: &Config) -> anyhow::Result<DatabaseState> {
    let url = url(config)?;
    if url.sqlite_path().is_some_and(|file| !file.exists()) {
        return Ok(DatabaseState::Absent);
    }
    let pending: Vec<_> =
        migrations(config).await?.into_iter().filter(|one| !one.applied).map(|one| one.id).collect();
    if !pending.is_empty() {
        return Ok(DatabaseState::Behind(pending));
    }
    open(config, url).await?.health.check().await.context("it cannot be written to")?;
    Ok(DatabaseState::Usable)
}

/// Keeps a second server off a SQLite file, for as long as the lock is held. Servers share PostgreSQL.
pub(crate) fn lock_server(config: &Config) -> anyhow::Result<Option<ServerLock>> {
    let remedy = "stop the other server, or name another database with --database";
    ServerLock::acquire(&url(config)?).context(remedy)
}

fn url(config: &Config) -> anyhow::Result<DatabaseUrl> {
    let text = config.database_url()?;
    DatabaseUrl::parse(&text).context("database.url is not acceptable")
}

/// Runs what blocks away from the runtime.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a thread panicked")
}
