//! Turns that one hot organization uses up: how many a second, and whether each is counted once.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::calls::{CEILING, against_ceiling};
use crate::extent::Extent;
use crate::load::{Crowd, Script, request};
use crate::report::row::{Rounds, Row, Wanted};
use crate::system::home::Home;
use crate::system::server::Server;
use crate::system::site::{Site, UNLIMITED};

const PATH: &str = "/v1/usage/turns";

pub(crate) fn run(extent: &Extent, site: &Site) -> anyhow::Result<Row> {
    let meter = Meter::new(&site.home)?;
    let (mut rounds, mut counted) = (Rounds::default(), 0_u64);
    for _ in 0..extent.rounds {
        let measured = against_ceiling(extent, &site.server, meter.consumers(), &mut rounds)?;
        counted = counted.saturating_add(measured.latencies.len());
        meter.check(&site.server, counted)?;
    }
    let name = format!("POST {PATH}, one organization, counted exactly");
    Ok(rounds.row(name, "requests/s", CEILING, Wanted::AtLeast(0.3)))
}

/// An organization that has used nothing yet, by its API key.
pub(super) struct Meter {
    key: String,
}

impl Meter {
    pub(super) fn new(home: &Home) -> anyhow::Result<Self> {
        let organization = home.organization(UNLIMITED)?.organization;
        Ok(Self { key: home.usage_key(&organization)? })
    }

    /// Callers who use up one turn each time.
    pub(super) fn consumers(&self) -> Crowd {
        let script = Script::Again(vec![request::post(PATH, Some(&self.key), r#"{"count":1}"#)]);
        Crowd { connections: 1, script, expects: &[200] }
    }

    /// A rate without an exact count is worth nothing: an error unless the server tells of just as many turns as calls
    /// were `answered`.
    pub(super) fn check(&self, server: &Server, answered: u64) -> anyhow::Result<()> {
        let (status, body) = server.exchange(&request::get(PATH, Some(&self.key)))?;
        ensure!(status == 200, "{PATH} answered {status}: {}", String::from_utf8_lossy(&body));
        let usage: Value = serde_json::from_slice(&body)?;
        let used = usage.get("used").and_then(Value::as_u64).context("a usage without a number")?;
        ensure!(used == answered, "{used} turns are counted, and {answered} were answered with 200");
        Ok(())
    }
}
