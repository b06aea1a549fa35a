//! The limiter that the scheme of `limits.url` names.

use std::sync::Arc;

use anyhow::Context as _;
use countersign_domain::admission::ports::RateLimiter;
use countersign_domain::health::Dependency;
use countersign_limits::{LimitsUrl, MemoryRateLimiter, SharedOptions, SharedRateLimiter, StoreUrl};
use countersign_secrets::read_secret_file;
use zeroize::Zeroizing;

use crate::commands::Session;
use crate::config::{Config, SecretRef};

/// The limiter, and what it depends on.
pub(super) struct Limits {
    /// Takes tokens.
    pub(super) limiter: Arc<dyn RateLimiter>,
    /// The store that processes share, when they do.
    pub(super) store: Option<Arc<dyn Dependency>>,
}

/// Makes the limiter. A store that is not there keeps nobody from starting.
pub(super) async fn limits(session: &Session) -> anyhow::Result<Limits> {
    match url(&session.config)? {
        LimitsUrl::Memory => {
            let max_buckets = session.config.limits.max_buckets.get();
            let limiter = Arc::new(MemoryRateLimiter::new(session.clock.clone(), max_buckets));
            Ok(Limits { limiter, store: None })
        }
        LimitsUrl::Shared(url) => {
            let shared = Arc::new(connect(session, url).await?);
            Ok(Limits { limiter: shared.clone(), store: Some(shared) })
        }
    }
}

/// Where limits are kept, once that has answered.
pub(crate) async fn inspect_limits(session: &Session) -> anyhow::Result<String> {
    match url(&session.config)? {
        LimitsUrl::Memory => Ok("each process limits on its own".to_owned()),
        LimitsUrl::Shared(url) => {
            let answers = format!("the store at {url} answers");
            connect(session, url).await?.check().await?;
            Ok(answers)
        }
    }
}

/// Whether what is sent to the store, its password included, can be read on the way.
pub(crate) fn limits_travel_in_clear(config: &Config) -> bool {
    matches!(LimitsUrl::parse(&config.limits.url.0), Ok(LimitsUrl::Shared(url)) if url.travels_in_clear())
}

fn url(config: &Config) -> anyhow::Result<LimitsUrl> {
    LimitsUrl::parse(&config.limits.url.0).context("limits.url is not acceptable")
}

async fn connect(session: &Session, mut url: StoreUrl) -> anyhow::Result<SharedRateLimiter> {
    let limits = &session.config.limits;
    if let Some(reference) = &limits.password {
        url = url.with_password(password(reference).context("limits.password cannot be used")?)?;
    }
    let authority = limits.ca_file.as_ref().map(std::fs::read).transpose();
    let options = SharedOptions {
        nodes: limits.nodes,
        max_buckets: limits.max_buckets.get(),
        authority: authority.context("limits.ca_file cannot be read")?,
        ..SharedOptions::default()
    };
    Ok(SharedRateLimiter::connect(url, session.clock.clone(), options).await)
}

fn password(reference: &SecretRef) -> anyhow::Result<Zeroizing<String>> {
    match reference {
        SecretRef::Environment(name) => {
            let value = std::env::var(name);
            let value = value.map_err(|_| anyhow::anyhow!("the environment variable {name} is not set"))?;
            Ok(Zeroizing::new(value))
        }
        SecretRef::File(path) => {
            let bytes = read_secret_file(path)?;
            let text = std::str::from_utf8(&bytes).context("it is not UTF-8")?;
            Ok(Zeroizing::new(text.strip_suffix('\n').unwrap_or(text).to_owned()))
        }
    }
}
