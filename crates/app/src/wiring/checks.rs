//! Values whose rules belong to an adapter.

use countersign_http::Network;
use countersign_limits::LimitsUrl;
use countersign_secrets::user_token::ClaimName;
use countersign_storage::DatabaseUrl;

use crate::config::{Config, Problem, Problems};
use crate::telemetry;

/// Notes the values that the adapters would refuse.
pub(crate) fn check_values(config: &Config, problems: &mut Problems) {
    if let Some(Err(error)) = config.database.url.as_deref().map(DatabaseUrl::parse) {
        problems.push(Problem::new("database.url", error.to_string(), "set it to sqlite:PATH"));
    }
    if let Err(error) = LimitsUrl::parse(&config.limits.url) {
        problems.push(Problem::new("limits.url", error.to_string(), "set it to memory:"));
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
