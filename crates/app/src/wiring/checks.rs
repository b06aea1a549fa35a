//! Values whose rules belong to an adapter.

use countersign_http::Network;
use countersign_limits::{LimitsUrl, NotALimitsUrl};
use countersign_secrets::user_token::ClaimName;
use countersign_storage::DatabaseUrl;
use zeroize::Zeroizing;

use crate::config::{Config, Problem, Problems};
use crate::telemetry;

/// A database's URL without what is secret in it.
pub(crate) fn shown_database_url(url: &str) -> String {
    DatabaseUrl::parse(url).map_or_else(|_| "not acceptable, and not shown".to_owned(), |url| url.to_string())
}

/// Whether data on its way to the database could be read or changed by others.
pub(crate) fn is_exposed_database(url: &str) -> bool {
    DatabaseUrl::parse(url).is_ok_and(|url| url.is_exposed())
}

/// Notes the values that the adapters would refuse.
pub(crate) fn check_values(config: &Config, problems: &mut Problems) {
    if let Some(Err(error)) = config.database.url.as_ref().map(|url| DatabaseUrl::parse(url.reveal())) {
        let remedy = "set it to sqlite:PATH or to postgres://USER@HOST/DATABASE";
        problems.push(Problem::new("database.url", error.to_string(), remedy));
    }
    if let Err(error) = limits(config) {
        problems.push(Problem::new(
            "limits.url",
            error.to_string(),
            "set it to memory: or redis://HOST:PORT",
        ));
    }
    problems.push_if(!telemetry::is_filter(&config.telemetry.filter), || {
        let says = format!("{:?} is not a filter", config.telemetry.filter);
        Problem::new("telemetry.filter", says, "set it to error, warn, info or debug")
    });
    for network in &config.server.trusted_proxies.0 {
        if let Err(error) = network.parse::<Network>() {
            let says = format!("{network:?} is not acceptable: {error}");
            problems.push(Problem::new(
                "server.trusted_proxies",
                says,
                "name the networks of the proxies alone",
            ));
        }
    }
    let claims = [
        ("auth.organization_claim", &config.auth.organization_claim),
        ("auth.environment_claim", &config.auth.environment_claim),
    ];
    for (key, name) in claims {
        if let Err(error) = ClaimName::new(name.as_str()) {
            problems.push(Problem::new(key, error.to_string(), "name a claim of the platform's own"));
        }
    }
}

/// A place for buckets, with one password at most.
fn limits(config: &Config) -> Result<(), NotALimitsUrl> {
    match (LimitsUrl::parse(&config.limits.url.0)?, &config.limits.password) {
        (LimitsUrl::Shared(store), Some(_)) => store.with_password(Zeroizing::default()).map(drop),
        _ => Ok(()),
    }
}
