//! Secrets are sealed anew, with the command of the command line and while the server serves.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::calls::verifications;
use crate::extent::Extent;
use crate::floor::Floor;
use crate::load;
use crate::report::row::{Rounds, Row, Wanted};
use crate::system::home::Home;
use crate::system::site::Site;

/// The most rounds: each rotates a key, for which the command line waits.
const ROUNDS: usize = 3;
/// The key of a new ring.
const FIRST_KEY: u32 = 1;
/// How long the command line waits for servers after a change of the ring; a little more, so that it does not wait while
/// it is measured.
const SETTLING: Duration = Duration::from_millis(5_200);
/// Callers who verify meanwhile, and for how long with one set of codes.
const FEW: usize = 2;
const BURST: Duration = Duration::from_millis(200);
const CODES: usize = 200;

pub(crate) fn run(extent: &Extent, site: &mut Site) -> anyhow::Result<Row> {
    let copy = site.home.path().join("reseal.db");
    let organization = &site.enrolled.signer.organization;
    let mut floor = Floor::copy(&site.home.database(), &copy, organization, extent.connections)?;
    let mut rounds = Rounds::default();
    let keys: Vec<_> = (FIRST_KEY.saturating_add(1)..).take((extent.rounds / 2).clamp(1, ROUNDS)).collect();
    for _ in &keys {
        site.home.run("keyring add --purpose sealing")?;
    }
    for key in keys {
        site.home.run(&format!("keyring promote --purpose sealing --key {key}"))?;
        thread::sleep(SETTLING);
        let resealed = while_serving(site, reseal)?;
        let bare = while_serving(site, |_| floor.exchanges_per_second(key.saturating_sub(1), key))?;
        rounds.push(resealed, bare);
    }
    Ok(rounds.row(
        "keyring reseal while the server serves",
        "rows/s",
        "a bare scan and update of the same rows",
        Wanted::AtLeast(0.5),
    ))
}

/// Does something while a few callers verify.
fn while_serving<T: Send>(
    site: &mut Site,
    work: impl FnOnce(&Home) -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    let Site { server, enrolled, home } = site;
    thread::scope(|scope| {
        let working = scope.spawn(|| work(home));
        while !working.is_finished() {
            let codes = enrolled.right(CODES);
            if codes.is_empty() {
                break;
            }
            load::run(server.address(), verifications(codes, &[200]).of(FEW), BURST)?;
        }
        working.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the work panicked")))
    })
}

/// Rows a second of the command, from its start to its end.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn reseal(home: &Home) -> anyhow::Result<f64> {
    let began = Instant::now();
    let told = home.run("keyring reseal")?;
    let elapsed = began.elapsed();
    let rows = told.get("resealed").and_then(Value::as_u64).context("a reseal that tells no rows")?;
    ensure!(rows > 0, "there was nothing to seal anew");
    Ok(rows as f64 / elapsed.as_secs_f64())
}
