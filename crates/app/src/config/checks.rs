//! What every value must keep to, whatever the mode.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::problem::{Problem, Problems};
use super::value::Span;
use super::{Config, Mode};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// The costs of bcrypt that are accepted; below 10 only tests are fast enough for (OWASP asks for 10).
const fn costs(mode: Mode) -> RangeInclusive<u32> {
    match mode {
        Mode::Development => 4..=14,
        Mode::Production => 10..=14,
    }
}

/// What is wrong with the values.
pub(super) fn values(config: &Config) -> Problems {
    let mut problems = Problems::default();
    development_stays_at_home(config, &mut problems);
    hashing_is_bearable(config, &mut problems);
    spans_are_sensible(config, &mut problems);
    attempts_are_sensible(config, &mut problems);
    public_url_is_one(config, &mut problems);
    crate::wiring::check_values(config, &mut problems);
    problems
}

/// Made-up keys must never be reachable from elsewhere.
fn development_stays_at_home(config: &Config, problems: &mut Problems) {
    let listen = config.server.listen;
    problems.push_if(config.top.mode == Mode::Development && !listen.ip().is_loopback(), || {
        let says = format!("{listen} is not a loopback address, and development makes up its own keys");
        Problem::new("server.listen", says, "listen on 127.0.0.1 or [::1], or set mode = \"production\"")
    });
    problems.push_if(config.is_production() && config.limits.loopback_exempt, || {
        let says = "clients on the loopback interface would have no limit in production";
        Problem::new("limits.loopback_exempt", says, "take it out")
    });
}

fn hashing_is_bearable(config: &Config, problems: &mut Problems) {
    let costs = costs(config.top.mode);
    problems.push_if(!costs.contains(&config.hashing.cost), || {
        let says = format!("{} is outside {} to {}", config.hashing.cost, costs.start(), costs.end());
        Problem::new("hashing.cost", says, "set 10, or more where logins may take longer")
    });
}

fn spans_are_sensible(config: &Config, problems: &mut Problems) {
    let rows = [
        ("auth.leeway", config.auth.leeway, Duration::ZERO..=MINUTE, "30s"),
        ("auth.max_token_life", config.auth.max_token_life, MINUTE..=30 * 24 * HOUR, "24h"),
        ("database.wait", config.database.wait, Duration::from_millis(10)..=Duration::from_secs(30), "1s"),
        ("two_factor.pending_lifetime", config.two_factor.pending_lifetime, MINUTE..=HOUR, "10m"),
        ("two_factor.setups_window", config.two_factor.setups_window, SECOND..=24 * HOUR, "1h"),
    ];
    for (key, span, range, usual) in rows {
        problems.push_if(!range.contains(&span.0), || {
            let says = format!("{span} is outside {} to {}", Span(*range.start()), Span(*range.end()));
            Problem::new(key, says, format!("set {usual}"))
        });
    }
}

fn attempts_are_sensible(config: &Config, problems: &mut Problems) {
    let attempts = config.two_factor.pending_attempts;
    problems.push_if(!(1..=10).contains(&attempts), || {
        Problem::new("two_factor.pending_attempts", format!("{attempts} is outside 1 to 10"), "set 5")
    });
}

fn public_url_is_one(config: &Config, problems: &mut Problems) {
    let Some(url) = &config.server.public_url else { return };
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let plain = host.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'@'));
    problems.push_if(host.is_empty() || !plain || host.ends_with('/'), || {
        let remedy = "write it as https://HOST, without a slash at the end";
        Problem::new("server.public_url", format!("{url:?} is not acceptable"), remedy)
    });
}
