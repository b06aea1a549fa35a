//! A whole run.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::extent::{Extent, Part};
use crate::report::Report;
use crate::report::row::Row;
use crate::scenarios::lanes::processors;
use crate::scenarios::{calls, fairness, growth, hashing, lanes, standing};
use crate::system::site::Site;

/// Where a run finds and leaves things.
#[derive(Clone, Debug)]
pub struct Places {
    /// The built program.
    pub binary: PathBuf,
    /// Where databases are made; on a disk, because a commit waits for it. What a run makes it also removes.
    pub work: PathBuf,
    /// Where the table and the plots go.
    pub documents: PathBuf,
    /// Where the JSON goes besides.
    pub json: PathBuf,
}

/// Measures everything and writes the results; the rows, in the order of the table.
pub fn run(extent: &Extent, places: &Places) -> anyhow::Result<Vec<Row>> {
    let began = Instant::now();
    raise_file_limit();
    let mut report = Report::default();

    if extent.has(Part::Lanes) {
        step(began, "interleaved bcrypt");
        let (rows, series) = lanes::run(extent)?;
        report.rows.extend(rows);
        report.lanes = Some(series);
    }
    if [Part::Calls, Part::Hashing, Part::Fairness, Part::Standing].iter().any(|part| extent.has(*part)) {
        report.rows.extend(of_one_site(extent, places, began)?);
    }
    if extent.has(Part::Growth) {
        step(began, "growth");
        let (rows, series) = growth::run(extent, places)?;
        report.rows.extend(rows);
        report.growth = series;
    }
    report.write(&places.documents, &places.json, &circumstances(began))?;
    Ok(report.rows)
}

/// What is measured with one database.
fn of_one_site(extent: &Extent, places: &Places, began: Instant) -> anyhow::Result<Vec<Row>> {
    step(began, "enrolling users");
    let mut site = Site::with_users(places, extent.users, extent.users, extent.cost)?;
    let mut rows = Vec::new();
    if extent.has(Part::Calls) {
        step(began, "calls");
        rows.extend(calls::run(extent, &mut site)?);
    }
    if extent.has(Part::Hashing) {
        step(began, "hashing");
        rows.extend(hashing::run(extent, &site)?);
    }
    if extent.has(Part::Fairness) {
        step(began, "fairness");
        rows.extend(fairness::run(extent, &mut site)?);
    }
    if extent.has(Part::Standing) {
        step(began, "standing");
        let Site { server, home, .. } = site;
        drop(server);
        rows.extend(standing::run(extent, &home)?);
    }
    Ok(rows)
}

/// The machine and the run.
fn circumstances(began: Instant) -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("an unknown processor", |(_, name)| name.trim());
    let seconds = began.elapsed().as_secs();
    format!("{} cores of {model}, shared with the load generator; the run took {seconds} s.", processors())
}

/// Tells a person how far the run is.
fn step(began: Instant, name: &str) {
    // Whoever closed standard error does not want to know.
    let _ = writeln!(std::io::stderr(), "{:>5} s  {name}", began.elapsed().as_secs());
}

/// Each connection is a file, here and in the server, which inherits the limit.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // With a lower limit the row about idle connections fails and says so.
    let _ = setrlimit(Resource::Nofile, limit);
}
