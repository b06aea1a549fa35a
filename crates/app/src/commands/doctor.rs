//! `doctor`: looks at everything that serving needs, and says what to do about each finding. It makes nothing.

use std::fmt;

use anyhow::Context as _;
use countersign_domain::keys::{self, KeyProblem};
use countersign_domain::time::{Clock, Timestamp};
use serde::Serialize;

use crate::commands::{Outcome, Session};
use crate::config::{Config, Effective, Problem, Problems};
use crate::output::{Format, Output};
use crate::wiring::{self, DatabaseState};

/// No clock that is right shows an earlier instant: the program was not written then.
const WRITTEN: Timestamp = Timestamp::from_seconds(1_767_225_600); // 2026-01-01

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warning,
    Failed,
}

#[derive(Serialize, Debug)]
struct Finding {
    check: &'static str,
    status: Status,
    message: String,
    remedy: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, message: message.into(), remedy: None }
    }

    fn warning(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn failed(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, status: Status::Failed, message: message.into(), remedy: Some(remedy.into()) }
    }
}

#[derive(Serialize, Debug)]
struct Diagnosis {
    configuration: Vec<Effective>,
    findings: Vec<Finding>,
}

/// Looks at everything.
pub(crate) async fn run(session: &Session) -> anyhow::Result<Outcome> {
    let mut findings = configuration(session.config.check_to_serve());
    findings.extend(public_keys(&session.config));
    let database = database(&session.config).await;
    let usable = database.status == Status::Ok;
    findings.push(database);
    findings.push(keys(session, usable).await);
    findings.push(limits(session).await);
    findings.push(clock(&*session.clock));
    finish(session.output, &Diagnosis { configuration: session.config.effective(), findings })
}

/// What to say of a configuration that cannot even be read.
pub(crate) fn unreadable(problems: Problems, output: Output) -> anyhow::Result<Outcome> {
    finish(output, &Diagnosis { configuration: Vec::new(), findings: configuration(Err(problems)) })
}

fn finish(output: Output, diagnosis: &Diagnosis) -> anyhow::Result<Outcome> {
    match output.format {
        Format::Json => output.json(diagnosis)?,
        Format::Human => output.text(&diagnosis.to_string())?,
    }
    let failed = diagnosis.findings.iter().filter(|finding| finding.status == Status::Failed).count();
    anyhow::ensure!(failed == 0, "{failed} of {} checks failed", diagnosis.findings.len());
    Ok(Outcome::Done)
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Effective { key, value, origin } in &self.configuration {
            writeln!(f, "{key} = {value}  ({origin})")?;
        }
        for Finding { check, status, message, remedy } in &self.findings {
            let mark = match status {
                Status::Ok => "ok     ",
                Status::Warning => "warning",
                Status::Failed => "FAILED ",
            };
            writeln!(f, "\n{mark}  {check}: {message}")?;
            if let Some(remedy) = remedy {
                writeln!(f, "         -> {remedy}")?;
            }
        }
        Ok(())
    }
}

fn configuration(checked: Result<(), Problems>) -> Vec<Finding> {
    let finding = |Problem { about, says, remedy }: Problem| {
        Finding::failed("configuration", format!("{about}: {says}"), remedy)
    };
    match checked {
        Ok(()) => vec![Finding::ok("configuration", "everything that is set is acceptable")],
        Err(problems) => problems.0.into_iter().map(finding).collect(),
    }
}

/// The public keys of user tokens, where there are any.
fn public_keys(config: &Config) -> Option<Finding> {
    const CHECK: &str = "public keys";
    let auth = &config.auth;
    let _ = auth.public_key_file.as_ref().or(auth.jwks_file.as_ref())?;
    Some(match wiring::check_public_keys(config) {
        Ok(()) => Finding::ok(CHECK, "user tokens can be checked with them"),
        Err(error) => {
            let remedy =
                "name files that can be read, with public keys of RSA (2048 bits or more), P-256 or Ed25519";
            Finding::failed(CHECK, format!("{error:#}"), remedy)
        }
    })
}

async fn database(config: &Config) -> Finding {
    const CHECK: &str = "database";
    let up = "run `countersign migrate up`";
    match wiring::inspect_database(config).await {
        Ok(DatabaseState::Usable) => Finding::ok(CHECK, "it is up to date and can be written to"),
        Ok(DatabaseState::Absent) if config.is_production() => {
            Finding::failed(CHECK, "there is none yet", up)
        }
        Ok(DatabaseState::Absent) => {
            Finding::warning(CHECK, "there is none yet", "`countersign serve` makes one")
        }
        Ok(DatabaseState::Behind(pending)) => {
            Finding::failed(CHECK, format!("migrations are missing: {}", pending.join(", ")), up)
        }
        Err(error) => {
            Finding::failed(CHECK, format!("{error:#}"), "set database.url to a database that can be used")
        }
    }
}

async fn keys(session: &Session, database_is_usable: bool) -> Finding {
    const CHECK: &str = "keys";
    let config = &session.config;
    let Ok(file) = config.key_ring_file() else {
        return Finding::failed(CHECK, "keys.file is not set", "set it, as said above");
    };
    if !config.is_production() && !file.exists() {
        return Finding::warning(CHECK, "there is no key ring yet", "`countersign serve` makes one");
    }
    let known = match wiring::known_keys(config) {
        Ok(known) => known,
        Err(error) => {
            let remedy = "bring the key ring back from its copy; a new one opens nothing that is stored";
            return Finding::failed(CHECK, format!("{error:#}"), remedy);
        }
    };
    if !database_is_usable {
        return Finding::warning(
            CHECK,
            "the key ring can be read",
            "mend the database to compare it with the data",
        );
    }
    match compare(session, &known).await {
        Ok(Ok(())) => Finding::ok(CHECK, "the key ring fits the stored data"),
        Ok(Err(problem)) => Finding::failed(CHECK, problem.to_string(), remedy_for(&problem)),
        Err(error) => Finding::failed(CHECK, format!("{error:#}"), "mend the database first"),
    }
}

async fn limits(session: &Session) -> Finding {
    match wiring::inspect_limits(session).await {
        Ok(kept) => Finding::ok("limits", kept),
        Err(error) => {
            let remedy = "start the store, or correct limits.url, limits.password or limits.ca_file; until then each server \
                          gives its part";
            Finding::failed("limits", format!("{error:#}"), remedy)
        }
    }
}

async fn compare(session: &Session, known: &[keys::KnownKey]) -> anyhow::Result<Result<(), KeyProblem>> {
    let stores = session.stores().await.context("cannot open the database")?;
    Ok(keys::check_keys(known, &*stores.key_registry).await)
}

/// What to do when the configured keys do not fit the stored data.
pub(crate) fn remedy_for(problem: &KeyProblem) -> &'static str {
    match problem {
        KeyProblem::Differs { .. } => "set keys.file to the key ring that this database was used with",
        KeyProblem::Missing { .. } => "bring the missing key back into the key ring",
        KeyProblem::Failure(_) => "mend the database first",
    }
}

fn clock(clock: &dyn Clock) -> Finding {
    let now = clock.now();
    if now < WRITTEN {
        let remedy = "set the clock, and keep it right with NTP: codes are good for 30 seconds only";
        return Finding::failed("clock", format!("it shows {now}, which is too early"), remedy);
    }
    Finding::ok("clock", format!("it shows {now}"))
}

#[cfg(test)]
mod tests {
    use countersign_testkit::clock::ManualClock;

    use super::*;

    #[test]
    fn a_clock_that_was_never_set_is_found() {
        let at = |seconds| clock(&ManualClock::new(Timestamp::from_seconds(seconds))).status;
        assert_eq!(at(0), Status::Failed);
        assert_eq!(at(1_767_225_599), Status::Failed);
        assert_eq!(at(1_767_225_600), Status::Ok);
    }
}
