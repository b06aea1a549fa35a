//! Nobody waits for somebody else.

use super::calls::verifications;
use super::hashing::Setups;
use crate::extent::Extent;
use crate::load::{self, Crowd, Script, request};
use crate::report::row::{Rounds, Row, Wanted};
use crate::system::crowd::Enrolled;
use crate::system::people::Signer;
use crate::system::server::Server;
use crate::system::site::{Site, UNLIMITED};

/// Callers whose waiting is measured.
const FEW: usize = 2;
/// Callers who take what they can get.
const MANY: usize = 32;
/// The part of a round's codes that one measurement takes: a p99 wants many, and four measurements of each round have to
/// come out with the two codes that a user has at first and the one that comes every 30 seconds.
const PART: usize = 6;
/// The first number of users who are set up here only.
const NEW_USERS: u64 = 60_000_000;

pub(crate) fn run(extent: &Extent, site: &mut Site) -> anyhow::Result<Vec<Row>> {
    let Site { home, server, enrolled } = site;
    let mut setups = Setups { signer: home.organization(UNLIMITED)?, next: NEW_USERS };
    let flooding = home.organization(10)?;
    let (mut hashing, mut flooded) = (Rounds::default(), Rounds::default());
    for _ in 0..extent.rounds {
        let alone = p99(extent, server, enrolled, None)?;
        // More than can be hashed: the server refuses those who would wait too long.
        let storm = Crowd { expects: &[200, 503], ..setups.crowd(MANY, 2_000) };
        hashing.push(p99(extent, server, enrolled, Some(storm))?, alone);

        let alone = p99(extent, server, enrolled, None)?;
        flooded.push(p99(extent, server, enrolled, Some(flood(&flooding)))?, alone);
    }
    Ok(vec![
        hashing.row(
            "verify while set-ups take every hashing thread, p99",
            "ms",
            "verify alone, p99",
            Wanted::AtMost(3.0),
        ),
        flooded.row(
            "verify while another organization floods, p99",
            "ms",
            "verify alone, p99",
            Wanted::AtMost(2.0),
        ),
    ])
}

/// The p99 of a few verifying callers, in milliseconds, beside whoever else calls.
fn p99(
    extent: &Extent,
    server: &Server,
    enrolled: &mut Enrolled,
    others: Option<Crowd>,
) -> anyhow::Result<f64> {
    let callers = verifications(enrolled.right(extent.requests.div_ceil(PART)), &[200]).of(FEW);
    let crowds = std::iter::once(callers).chain(others).collect();
    let measured = load::run_all(server.address(), crowds, extent.round)?;
    Ok(measured.first().map_or(0.0, |callers| callers.millis(0.99)))
}

/// An organization that calls as fast as it can, and is refused nearly always.
fn flood(signer: &Signer) -> Crowd {
    let script = Script::Again(vec![request::get("/v1/me/2fa", Some(&signer.token("mallory")))]);
    Crowd { connections: MANY, script, expects: &[429, 200] }
}
