//! Does anything grow with the number of enrolled users?

use super::calls::verifications;
use crate::extent::Extent;
use crate::load;
use crate::report::plot::Series;
use crate::report::row::{Rounds, Row, Wanted};
use crate::run::Places;
use crate::system::site::Site;

/// Users who send codes, if there are so many.
const ENROLLED: u64 = 20_000;
/// Callers at a time.
const CONNECTIONS: usize = 128;
/// Verifications of a round, with wrong codes: nobody has to wait for new ones.
const REQUESTS: usize = 3_000;
/// The users of the smallest database may send enough wrong codes for so many rounds. More and shorter ones would measure how
/// a round begins.
const MOST_ROUNDS: usize = 3;

/// Every size in turn, round by round, so that whatever else the machine does hits all of them alike.
pub(crate) fn run(extent: &Extent, places: &Places) -> anyhow::Result<(Vec<Row>, Vec<Series>)> {
    let (mut sites, mut measured) = (Vec::new(), Vec::new());
    for users in &extent.growth {
        let (site, import) = Site::imported(places, *users, ENROLLED)?;
        sites.push(site);
        measured.push((*users, Size { import, ..Size::default() }));
    }
    for _ in 0..extent.rounds.min(MOST_ROUNDS) {
        for (site, (_, size)) in sites.iter_mut().zip(&mut measured) {
            size.measure(extent, site)?;
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

impl Size {
    fn measure(&mut self, extent: &Extent, site: &mut Site) -> anyhow::Result<()> {
        let requests = site.enrolled.wrong(REQUESTS);
        let crowd = verifications(requests, &[422]).of(CONNECTIONS);
        let measured = load::run(site.server.address(), crowd, extent.round * 4)?;
        self.rate.push(measured.rate(), 1.0);
        self.latency.push(measured.millis(0.5), 1.0);
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
