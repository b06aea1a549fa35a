//! The API: the use cases over the adapters, behind the HTTP shell.

use std::future::Future;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::{io, thread};

use anyhow::Context as _;
use countersign_domain::admission::admit::Admission;
use countersign_domain::admission::authenticate::Authenticator;
use countersign_domain::admission::bucket::BucketSpec;
use countersign_domain::admission::ports::{OrganizationStore, RateLimiter};
use countersign_domain::health::Dependency;
use countersign_domain::idempotency::answer_once::{AnswerLimits, AnswerOnce};
use countersign_domain::keys::readiness::KeysReadiness;
use countersign_domain::quota::consume::ConsumeTurns;
use countersign_domain::quota::meter::QuotaMeter;
use countersign_domain::quota::relationships::ChangeRelationships;
use countersign_domain::two_factor::change_policy::ChangePolicy;
use countersign_domain::two_factor::factor::PendingLimits;
use countersign_domain::two_factor::import::ImportFactor;
use countersign_domain::two_factor::setup::{SetupLimits, StartSetup};
use countersign_domain::two_factor::status::ReadStatus;
use countersign_domain::two_factor::verify_setup::VerifySetup;
use countersign_domain::webhooks::deliver::DeliverWebhooks;
use countersign_http::{Api, HttpSettings, Network};
use countersign_secrets::{BcryptCost, BcryptPool, BcryptPoolOptions, CurrentKeyRing, XChaChaSealer};
use countersign_storage::{CachedApiKeys, CachedOrganizations};

use super::id_entropy;
use super::keys as configured_keys;
use super::limits::{Limits, limits};
use super::proofs::proofs;
use super::served_keys::ServedKeys;
use super::stores::Stores;
use super::webhooks;
use crate::commands::Session;
use crate::config::Config;

/// The running API, and how to stop it.
pub(crate) struct Service {
    /// Serves while it is polled; ends when it is stopped.
    pub(crate) server: Pin<Box<dyn Future<Output = io::Result<()>>>>,
    /// Lets running requests finish, and ends the server.
    pub(crate) stop: Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>>>,
    /// Delivers webhooks beside it.
    pub(crate) webhooks: Arc<DeliverWebhooks>,
}

/// The OpenAPI document as JSON.
pub(crate) fn openapi() -> anyhow::Result<String> {
    Ok(countersign_http::openapi().to_pretty_json()?)
}

/// Puts the API together, with keys that fit the stored data; they come back for whoever watches their file.
pub(crate) async fn start_service(
    session: &Session,
    stores: &Stores,
    listener: TcpListener,
) -> anyhow::Result<(Service, ServedKeys)> {
    let config = &session.config;
    configured_keys::prepare_keys(config, &*session.entropy)?;
    let keys = ServedKeys::load(config.key_ring_file()?, stores.key_registry.clone()).await?;
    let public_url = match &config.server.public_url {
        Some(url) => url.clone(),
        None => format!("http://{}", listener.local_addr()?),
    };
    let limits = limits(session).await?;
    let sealer = Arc::new(XChaChaSealer::new(keys.in_force().clone(), session.entropy.clone()));
    let webhooks = Arc::new(webhooks::deliver(session, stores, sealer.clone())?);
    let api = api(session, stores, keys.in_force(), &sealer, limits, &public_url)?;
    let server = countersign_http::serve(listener, Arc::new(api), http_settings(config)?)
        .context("the HTTP server cannot be started")?;
    let handle = server.handle();
    let stop = Box::new(move || -> Pin<Box<dyn Future<Output = ()>>> { Box::pin(handle.stop(true)) });
    Ok((Service { server: Box::pin(server), stop, webhooks }, keys))
}

fn api(
    session: &Session,
    stores: &Stores,
    ring: &Arc<CurrentKeyRing>,
    sealer: &Arc<XChaChaSealer>,
    limits: Limits,
    public_url: &str,
) -> anyhow::Result<Api> {
    let (clock, entropy, factors) = (&session.clock, &session.entropy, &stores.factors);
    let setup_limits = setup_limits(&session.config);
    let answer_once = AnswerOnce {
        clock: clock.clone(),
        store: stores.answers.clone(),
        sealer: sealer.clone(),
        limits: AnswerLimits::default(),
    };
    let manage_webhooks = webhooks::manage(session, stores, sealer.clone());
    let pool = Arc::new(bcrypt_pool(session, ring)?);
    let proofs = proofs(session, stores, ring, sealer.clone(), &pool);
    // One memory for those who read and for those who change: a change is seen at once.
    let organizations: Arc<dyn OrganizationStore> =
        Arc::new(CachedOrganizations::new(stores.organizations.clone(), clock.clone()));
    let change_policy =
        ChangePolicy { clock: clock.clone(), entropy: entropy.clone(), organizations: organizations.clone() };
    let keys_readiness = KeysReadiness { in_force: ring.clone(), registry: stores.key_registry.clone() };
    let mut dependencies: Vec<Arc<dyn Dependency>> =
        vec![stores.health.clone(), session.clock_health.clone(), Arc::new(keys_readiness)];
    dependencies.extend(limits.store);
    let quota = Arc::new(QuotaMeter { clock: clock.clone(), usage: stores.usage.clone() });
    let start_setup = StartSetup {
        clock: clock.clone(),
        entropy: entropy.clone(),
        factors: factors.clone(),
        sealer: sealer.clone(),
        hasher: pool.clone(),
        quota: quota.clone(),
        limits: setup_limits,
    };
    let verify_setup = VerifySetup {
        clock: clock.clone(),
        entropy: entropy.clone(),
        factors: factors.clone(),
        sealer: sealer.clone(),
        limits: setup_limits.pending,
    };
    let import = ImportFactor {
        clock: clock.clone(),
        entropy: entropy.clone(),
        factors: factors.clone(),
        sealer: sealer.clone(),
    };
    Ok(Api {
        clock: clock.clone(),
        entropy: id_entropy(),
        admission: Arc::new(admission(session, stores, organizations, limits.limiter)?),
        answer_once: Arc::new(answer_once),
        start_setup: Arc::new(start_setup),
        verify_setup: Arc::new(verify_setup),
        verify_code: Arc::new(proofs.verify_code),
        regenerate_backup_codes: Arc::new(proofs.regenerate_backup_codes),
        disable: Arc::new(proofs.disable),
        reset: Arc::new(proofs.reset),
        import: Arc::new(import),
        change_policy: Arc::new(change_policy),
        manage_webhooks: Arc::new(manage_webhooks),
        webhooks: stores.webhooks.clone(),
        deliveries: stores.deliveries.clone(),
        assertion_keys: ring.clone(),
        read_status: Arc::new(ReadStatus { clock: clock.clone(), factors: factors.clone() }),
        users: stores.users.clone(),
        audit: stores.audit.clone(),
        quota,
        consume_turns: Arc::new(ConsumeTurns { clock: clock.clone(), quotas: stores.quotas.clone() }),
        relationships: Arc::new(ChangeRelationships { clock: clock.clone(), quotas: stores.quotas.clone() }),
        plans: stores.plans.clone(),
        dependencies,
        documentation_url: format!("{public_url}/docs"),
    })
}

fn admission(
    session: &Session,
    stores: &Stores,
    organizations: Arc<dyn OrganizationStore>,
    limiter: Arc<dyn RateLimiter>,
) -> anyhow::Result<Admission> {
    let (config, clock) = (&session.config, &session.clock);
    Ok(Admission {
        authenticator: Authenticator {
            clock: clock.clone(),
            api_key_prefix: config.auth.api_key_prefix.clone(),
            api_keys: Arc::new(CachedApiKeys::new(stores.api_keys.clone(), clock.clone())),
            user_tokens: Arc::new(configured_keys::verifier(config)?),
            organizations,
        },
        limiter,
        client_rate: BucketSpec {
            per_second: config.limits.client_requests_per_second,
            burst: config.limits.client_burst,
        },
        loopback_exempt: config.limits.loopback_exempt,
    })
}

fn bcrypt_pool(session: &Session, ring: &Arc<CurrentKeyRing>) -> anyhow::Result<BcryptPool> {
    let hashing = &session.config.hashing;
    let options = BcryptPoolOptions {
        threads: or_processors(hashing.threads),
        cost: BcryptCost::new(hashing.cost).context("hashing.cost is not acceptable")?,
        max_waiting_sets: hashing.queue,
        ..BcryptPoolOptions::default()
    };
    BcryptPool::start(ring.clone(), session.entropy.clone(), options)
        .context("the threads that hash cannot be started")
}

fn setup_limits(config: &Config) -> SetupLimits {
    let two_factor = &config.two_factor;
    SetupLimits {
        pending: PendingLimits {
            lifetime: two_factor.pending_lifetime.0,
            attempts: two_factor.pending_attempts,
        },
        setups: two_factor.setups.get(),
        window: two_factor.setups_window.0,
        ..SetupLimits::default()
    }
}

fn http_settings(config: &Config) -> anyhow::Result<HttpSettings> {
    let proxies = config.server.trusted_proxies.0.iter().map(|text| text.parse::<Network>());
    Ok(HttpSettings {
        workers: or_processors(config.server.workers),
        trusted_proxies: proxies
            .collect::<Result<_, _>>()
            .context("server.trusted_proxies is not acceptable")?,
        ..HttpSettings::default()
    })
}

/// A number of threads; 0 stands for one for each processor.
fn or_processors(threads: usize) -> NonZeroUsize {
    let processors = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(threads).unwrap_or_else(processors)
}
