//! One verdict is one durable write: each kind of call against `GET /healthz` of the same server.

use crate::extent::Extent;
use crate::floor::Floor;
use crate::load::{self, Crowd, Measured, Script, request};
use crate::report::row::{Rounds, Row, Wanted};
use crate::system::crowd::Enrolled;
use crate::system::people::Signer;
use crate::system::server::Server;
use crate::system::site::Site;

/// The ceiling's name.
pub(crate) const CEILING: &str = "GET /healthz";
/// The peer that does best, measured beforehand on two cores: Better Auth 1.7 on Node and PostgreSQL, with a session.
const PEER: &str = "Better Auth with a session (measured beforehand)";

/// Its processor time for one verification, in milliseconds.
const PEERS_PROCESSOR_MILLIS: f64 = 3.3;
/// Its verifications in a second.
const PEERS_RATE: f64 = 585.0;

/// One caller who makes these verifications.
pub(crate) fn verifications(requests: Vec<Vec<u8>>, expects: &'static [u16]) -> Crowd {
    Crowd { connections: 1, script: Script::Once(requests), expects }
}

fn statuses(enrolled: &Enrolled) -> Crowd {
    let get = |name: &str| request::get("/v1/me/2fa", Some(&enrolled.signer.token(name)));
    let script = Script::Again(enrolled.names().take(1_000).map(get).collect());
    Crowd { connections: 1, script, expects: &[200] }
}

/// Calls of an organization that is always over its rate.
fn refused(signer: &Signer) -> Crowd {
    let script = Script::Again(vec![request::get("/v1/me/2fa", Some(&signer.token("alice")))]);
    // The bucket gives one token each second.
    Crowd { connections: 1, script, expects: &[429, 200] }
}

/// What the rounds found.
#[derive(Default)]
struct Calls {
    right: Rounds,
    wrong: Rounds,
    status: Rounds,
    limited: Rounds,
    floor: Rounds,
    processor: Rounds,
    throughput: Rounds,
}

pub(crate) fn run(extent: &Extent, site: &mut Site) -> anyhow::Result<Vec<Row>> {
    let narrow = site.home.organization(1)?;
    let copy = site.home.path().join("floor.db");
    let organization = &site.enrolled.signer.organization;
    let mut floor = Floor::copy(&site.home.database(), &copy, organization, extent.connections)?;
    let mut calls = Calls::default();
    for _ in 0..extent.rounds {
        against_ceiling(extent, &site.server, statuses(&site.enrolled), &mut calls.status)?;
        against_ceiling(extent, &site.server, refused(&narrow), &mut calls.limited)?;
        calls.right_codes(extent, site, &mut floor)?;
        let wrong = verifications(site.enrolled.wrong(extent.requests), &[422]);
        against_ceiling(extent, &site.server, wrong, &mut calls.wrong)?;
    }
    Ok(calls.rows())
}

/// Measures one kind of call right after the ceiling.
pub(crate) fn against_ceiling(
    extent: &Extent,
    server: &Server,
    crowd: Crowd,
    rounds: &mut Rounds,
) -> anyhow::Result<Measured> {
    let ceiling = ceiling(extent, server)?;
    let measured = load::run(server.address(), crowd.of(extent.connections), extent.round)?;
    rounds.push(measured.rate(), ceiling);
    Ok(measured)
}

/// Requests a second that need nothing.
fn ceiling(extent: &Extent, server: &Server) -> anyhow::Result<f64> {
    let script = Script::Again(vec![request::get("/healthz", None)]);
    let crowd = Crowd { connections: extent.connections, script, expects: &[200] };
    Ok(load::run(server.address(), crowd, extent.round / 2)?.rate())
}

impl Calls {
    fn right_codes(&mut self, extent: &Extent, site: &mut Site, floor: &mut Floor) -> anyhow::Result<()> {
        let crowd = verifications(site.enrolled.right(extent.requests), &[200]);
        let ceiling = ceiling(extent, &site.server)?;
        let before = site.server.processor_time()?;
        let measured = load::run(site.server.address(), crowd.of(extent.connections), extent.round)?;
        let used = site.server.processor_time()?.saturating_sub(before);
        self.right.push(measured.rate(), ceiling);
        self.processor.push(used.as_secs_f64() * 1_000.0 / measured.replies(), PEERS_PROCESSOR_MILLIS);
        self.throughput.push(measured.rate(), PEERS_RATE);
        let users: Vec<_> = site.enrolled.names().take(extent.requests).collect();
        self.floor.push(measured.rate(), floor.verdicts_per_second(&users, extent.round / 2)?);
        Ok(())
    }

    fn rows(&self) -> Vec<Row> {
        let row = |rounds: &Rounds, name: &str, against: &str, wanted| {
            rounds.row(name, "requests/s", against, wanted)
        };
        let right = "POST /v1/me/2fa/verify, right TOTP code";
        vec![
            row(&self.right, right, CEILING, Wanted::AtLeast(0.35)),
            row(&self.wrong, "POST /v1/me/2fa/verify, wrong TOTP code", CEILING, Wanted::AtLeast(0.35)),
            row(&self.floor, right, "the bare statements on SQLite", Wanted::Nothing),
            row(&self.status, "GET /v1/me/2fa", CEILING, Wanted::AtLeast(0.6)),
            row(&self.limited, "refused by the rate limiter", CEILING, Wanted::AtLeast(0.85)),
            row(&self.throughput, right, PEER, Wanted::AtLeast(20.0)),
            self.processor.inverse_row(
                "processor time of one verification",
                "ms",
                PEER,
                Wanted::AtLeast(30.0),
            ),
        ]
    }
}
