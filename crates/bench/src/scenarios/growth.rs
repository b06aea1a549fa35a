//! Does anything grow with the number of enrolled users?

use std::time::Duration;

use super::calls::verifications;
use crate::extent::Extent;
use crate::load::{self, Measured};
use crate::report::plot::Series;
use crate::report::row::{Rounds, Row, Wanted};
use crate::run::Places;
use crate::system::people::present_step;
use crate::system::site::Site;

/// Users who send codes, if there are so many.
const ENROLLED: u64 = 20_000;
/// Right codes of a round: one of each user of the smallest database, who then may send wrong ones again.
const RIGHT: usize = 1_000;
/// Wrong codes of a round: fewer for each user than lock.
const WRONG: usize = 8_000;

/// Every size in turn, round by round, so that whatever else the machine does hits all of them alike.
pub(crate) fn run(extent: &Extent, places: &Places) -> anyhow::Result<(Vec<Row>, Vec<Series>)> {
    let (mut sites, mut measured) = (Vec::new(), Vec::new());
    for users in &extent.growth {
        let (site, import) = Site::imported(places, *users, ENROLLED)?;
        sites.push(site);
        measured.push((*users, Size { import, ..Size::default() }));
    }
    for round in 0..=extent.growth_rounds {
        if round > 0 {
            wait_for_new_codes();
        }
        // Where others follow, the first is not counted: it finds everything cold, and the log not written yet.
        let counts = round > 0 || extent.growth_rounds == 0;
        for (site, (_, size)) in sites.iter_mut().zip(&mut measured) {
            let seen = send_codes(extent, site)?;
            if counts {
                size.rate.push(seen.rate(), 1.0);
                size.latency.push(seen.millis(0.5), 1.0);
            }
        }
    }
    for (site, (_, size)) in sites.iter().zip(&mut measured) {
        size.memory = site.server.resident_mib()?;
    }
    let Some(((smallest, small), (largest, large))) = measured.first().zip(measured.last()) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let against = format!("with {smallest} users");
    let row = |name: &str, unit, value: fn(&Size) -> f64, wanted| {
        let mut rounds = Rounds::default();
        rounds.push(value(large), value(small));
        rounds.row(format!("{name} with {largest} users"), unit, &against, wanted)
    };
    let rows = vec![
        row("user import", "users/s", |size| size.import, Wanted::Nothing),
        row("verifications", "requests/s", |size| size.rate.value(), Wanted::AtLeast(0.77)),
        row("verification, p50", "ms", |size| size.latency.value(), Wanted::AtMost(1.3)),
        row("memory after the same work", "MiB", |size| size.memory, Wanted::AtMost(1.3)),
    ];
    let series = |name: &str, value: fn(&Size) -> f64| Series {
        name: name.to_owned(),
        points: measured.iter().map(|(users, size)| (as_f64(*users), value(size))).collect(),
    };
    Ok((rows, vec![series("requests/s", |size| size.rate.value()), series("MiB", |size| size.memory)]))
}

#[derive(Default)]
struct Size {
    import: f64,
    rate: Rounds,
    latency: Rounds,
    memory: f64,
}

fn send_codes(extent: &Extent, site: &mut Site) -> anyhow::Result<Measured> {
    let mut requests = site.enrolled.right(RIGHT);
    requests.extend(site.enrolled.wrong(WRONG));
    let crowd = verifications(requests, &[200, 422]).of(extent.connections);
    load::run(site.server.address(), crowd, extent.round * 4)
}

/// Waits until everybody shows another code.
fn wait_for_new_codes() {
    let step = present_step();
    while present_step() == step {
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
