//! The calls that write, on PostgreSQL, against the same statements in pgbench on the same server.

use std::time::Duration;

use crate::extent::Extent;
use crate::load::{self, Crowd};
use crate::report::row::{Rounds, Row, Wanted};
use crate::run::Places;
use crate::scenarios::calls::verifications;
use crate::scenarios::turns::Meter;
use crate::system::cluster::{Bench, Cluster};
use crate::system::crowd::Enrolled;
use crate::system::enrol::enrol;
use crate::system::home::Home;
use crate::system::server::Server;
use crate::system::site::{LOWEST_COST, UNLIMITED};

/// The most users who are enrolled.
const USERS: u64 = 4_000;
/// Connections that the server writes with, and that pgbench gets.
const WRITERS: usize = 8;
/// The server's database.
/// Callers who verify: as many as keep the writers busy. More would send but two codes each in a round.
const CALLERS: usize = 64;
const DATABASE: &str = "countersign";
/// The copy of it that pgbench gets, so that its verdicts lock none of the server's users.
const COPY: &str = "floor";

const RIGHT: &str = include_str!("../floor/right.sql");
const WRONG: &str = include_str!("../floor/wrong.sql");
const TURNS: &str = include_str!("../floor/turns.sql");

/// What was found, or why nothing could be.
pub(crate) enum Outcome {
    Measured(Vec<Row>),
    NotMeasured(String),
}

pub(crate) fn run(extent: &Extent, places: &Places) -> anyhow::Result<Outcome> {
    let (cluster, home) = match prepare(places) {
        Ok(prepared) => prepared,
        Err(missing) => return Ok(Outcome::NotMeasured(format!("{missing:#}"))),
    };
    let signer = home.organization(UNLIMITED)?;
    let people: Vec<_> = {
        let numbers: Vec<_> = (0..USERS.min(extent.users / 2)).collect();
        let server = Server::start(&home)?;
        enrol(&server, &signer, &numbers)?.into_iter().map(|enrolment| enrolment.person).collect()
    };
    let floor = Floor { cluster: &cluster, organization: signer.organization.clone(), users: people.len() };
    floor.prepare()?;
    let server = Server::start(&home)?;
    let mut calls = Calls { extent, server, enrolled: Enrolled::new(signer, people), floor };
    let meter = Meter::new(&home)?;
    let (mut right, mut wrong, mut turns) = (Rounds::default(), Rounds::default(), Rounds::default());
    let mut counted = 0_u64;
    // Rounds take some seconds, and each user has a new code every 30.
    let most = extent.requests.min(calls.floor.users / 4);
    for _ in 0..extent.rounds {
        let crowd = verifications(calls.enrolled.right(most), &[200]).of(CALLERS);
        calls.measure(crowd, RIGHT, &mut right)?;
        let crowd = verifications(calls.enrolled.wrong(most), &[422]).of(CALLERS);
        calls.measure(crowd, WRONG, &mut wrong)?;
        let answered = calls.measure(meter.consumers().of(extent.connections), TURNS, &mut turns)?;
        counted = counted.saturating_add(answered);
        meter.check(&calls.server, counted)?;
    }
    let (same, row) = ("the same statements in pgbench", "POST /v1/me/2fa/verify on PostgreSQL");
    let rate = "requests/s";
    Ok(Outcome::Measured(vec![
        right.row(format!("{row}, right TOTP code"), rate, same, Wanted::AtLeast(0.7)),
        wrong.row(format!("{row}, wrong TOTP code"), rate, same, Wanted::AtLeast(0.7)),
        turns.row(
            "POST /v1/usage/turns on PostgreSQL, one organization, counted exactly",
            rate,
            "an UPDATE for each in pgbench",
            Wanted::AtLeast(5.0),
        ),
    ]))
}

/// A cluster, and a home whose database is in it; an error says what is missing for that.
fn prepare(places: &Places) -> anyhow::Result<(Cluster, Home)> {
    let cluster = Cluster::start(&places.work)?;
    cluster.ask("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
    let mut home = Home::new(&places.work, &places.binary, LOWEST_COST)?;
    home.set("COUNTERSIGN_DATABASE__URL", &cluster.url(DATABASE));
    home.set("COUNTERSIGN_DATABASE__WRITERS", &WRITERS.to_string());
    home.run("migrate up")?;
    Ok((cluster, home))
}

/// A server with its users, and the floor under what it does.
struct Calls<'a> {
    extent: &'a Extent,
    server: Server,
    enrolled: Enrolled,
    floor: Floor<'a>,
}

impl Calls<'_> {
    /// Measures calls and the floor under them; how many calls were answered.
    fn measure(&self, crowd: Crowd, script: &str, rounds: &mut Rounds) -> anyhow::Result<u64> {
        let extent = self.extent;
        let measured = load::run(self.server.address(), crowd, extent.round)?;
        rounds.push(measured.rate(), self.floor.transactions_per_second(script, extent.round / 2)?);
        Ok(measured.latencies.len())
    }
}

/// The copy of the database in which pgbench runs.
struct Floor<'a> {
    cluster: &'a Cluster,
    organization: String,
    users: usize,
}

impl Floor<'_> {
    /// Copies the database, which nobody uses now.
    fn prepare(&self) -> anyhow::Result<()> {
        self.cluster.ask("postgres", &format!("CREATE DATABASE {COPY} TEMPLATE {DATABASE}"))?;
        let counters =
            format!("INSERT INTO usage_periods VALUES ('{}', 'live', 0, 0, 0, 0, 0)", self.organization);
        self.cluster.ask(COPY, &counters)?;
        for database in [DATABASE, COPY] {
            self.cluster.ask(database, "VACUUM ANALYZE")?;
        }
        Ok(())
    }

    fn transactions_per_second(&self, script: &str, at_least: Duration) -> anyhow::Result<f64> {
        let users = self.users.to_string();
        let variables = [("organization", self.organization.as_str()), ("users", &users)];
        let bench = Bench { database: COPY, script, clients: WRITERS, variables: &variables };
        self.cluster.transactions_per_second(&bench, at_least)
    }
}
