//! What hashes, against the hashing bound of the machine.

use std::time::Duration;

use countersign_bcrypt_lanes::Cost;

use super::lanes::{CODES, count, hashes_per_second, millis, processors, ten_codes};
use crate::extent::Extent;
use crate::load::{self, Crowd, Script};
use crate::report::row::{Rounds, Row, Wanted};
use crate::system::enrol::{Enrolment, enrol_by, setup};
use crate::system::people::{Signer, verify};
use crate::system::site::{Site, UNLIMITED};

/// So many callers with one code each that every lane has work.
const PROVING: usize = 24;
/// So many with ten: none waits for the second after which the server refuses.
const SETTING_UP: usize = 4;
/// The first number of users who are set up here only.
const NEW_USERS: u64 = 50_000_000;

pub(crate) fn run(extent: &Extent, site: &Site) -> anyhow::Result<Vec<Row>> {
    let (cost, server) = (Cost::new(extent.cost)?, &site.server);
    let signer = site.home.organization(UNLIMITED)?;
    let enrolled = enrol_by(SETTING_UP, server, &signer, &(0..extent.hashing_users).collect::<Vec<_>>())?;
    // Hashes take long: a short round would count only a few.
    let round = extent.round * 2;
    let mut setups = Setups { signer: signer.clone(), next: NEW_USERS };
    let mut codes = backup_codes(&signer, &enrolled);
    let (mut throughput, mut alone, mut proofs) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..extent.rounds {
        let bound = hashes_per_second(cost, round / 2);
        let measured = load::run(server.address(), setups.crowd(SETTING_UP, 2_000), round)?;
        throughput.push(measured.rate(), bound / count(CODES));

        let left = codes.len() / extent.rounds.max(1);
        let some = codes.drain(..left.min(codes.len())).collect();
        let crowd = Crowd { connections: PROVING, script: Script::Once(some), expects: &[200] };
        proofs.push(load::run(server.address(), crowd, round)?.rate(), bound);

        let bare = millis(|| ten_codes(cost, processors()));
        let one_by_one = load::run(server.address(), setups.crowd(1, 10), Duration::from_secs(5))?;
        alone.push(one_by_one.millis(0.5), bare);
    }
    Ok(vec![
        proofs.row("right backup code", "requests/s", "bare interleaved bcrypts", Wanted::AtLeast(0.9)),
        throughput.row(
            "POST /v1/me/2fa/setup",
            "requests/s",
            "bare interleaved bcrypts, ten each",
            Wanted::AtLeast(0.9),
        ),
        alone.row("POST /v1/me/2fa/setup alone, p50", "ms", "its ten bare bcrypts", Wanted::AtMost(1.15)),
    ])
}

/// Set-ups of users whom nobody has seen before.
pub(crate) struct Setups {
    pub(crate) signer: Signer,
    pub(crate) next: u64,
}

impl Setups {
    pub(crate) fn crowd(&mut self, connections: usize, most: u64) -> Crowd {
        let end = self.next.saturating_add(most);
        let requests = (self.next..end).map(|number| setup(&self.signer, number)).collect();
        self.next = end;
        Crowd { connections, script: Script::Once(requests), expects: &[200] }
    }
}

/// One verification for each backup code. Codes of one user lie far apart, as they do in life.
fn backup_codes(signer: &Signer, enrolled: &[Enrolment]) -> Vec<Vec<u8>> {
    (0..CODES)
        .flat_map(|slot| enrolled.iter().filter_map(move |one| Some((one, one.backup_codes.get(slot)?))))
        .map(|(one, code)| verify(signer, &one.person.name, code))
        .collect()
}
