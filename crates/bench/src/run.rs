//! A whole run.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::extent::{Extent, Part};
use crate::report::Report;
use crate::report::row::Row;
use crate::scenarios::lanes::processors;
use crate::scenarios::postgres::Outcome;
use crate::scenarios::{calls, fairness, growth, hashing, lanes, postgres, reseal, standing, turns};
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

/// Measures everything and writes the results, after each part once more; the rows, in the order of the table.
pub fn run(extent: &Extent, places: &Places) -> anyhow::Result<Vec<Row>> {
    raise_file_limit();
    let mut run = Run { extent, places, began: Instant::now(), report: Report::default() };
    run.lanes()?;
    run.of_one_site()?;
    run.postgres()?;
    run.growth()?;
    Ok(run.report.rows)
}

/// A run, and what it has found until now.
struct Run<'a> {
    extent: &'a Extent,
    places: &'a Places,
    began: Instant,
    report: Report,
}

impl Run<'_> {
    fn lanes(&mut self) -> anyhow::Result<()> {
        if !self.begins(Part::Lanes) {
            return Ok(());
        }
        let (rows, series) = lanes::run(self.extent)?;
        self.report.lanes = Some(series);
        self.keep(rows)
    }

    /// What is measured with one database.
    fn of_one_site(&mut self) -> anyhow::Result<()> {
        let (extent, places) = (self.extent, self.places);
        let parts = [Part::Calls, Part::Turns, Part::Hashing, Part::Fairness, Part::Reseal, Part::Standing];
        if !parts.iter().any(|part| extent.has(*part)) {
            return Ok(());
        }
        self.tell("enrolling users");
        let mut site = Site::enrolled(places, extent.users, extent.cost)?;
        if self.begins(Part::Calls) {
            self.keep(calls::run(extent, &mut site)?)?;
        }
        if self.begins(Part::Turns) {
            self.keep(vec![turns::run(extent, &site)?])?;
        }
        if self.begins(Part::Hashing) {
            self.keep(hashing::run(extent, &site)?)?;
        }
        if self.begins(Part::Fairness) {
            self.keep(fairness::run(extent, &mut site)?)?;
        }
        if self.begins(Part::Reseal) {
            self.keep(vec![reseal::run(extent, &mut site)?])?;
        }
        if self.begins(Part::Standing) {
            let Site { server, home, .. } = site;
            drop(server);
            self.keep(standing::run(extent, &home)?)?;
        }
        Ok(())
    }

    fn postgres(&mut self) -> anyhow::Result<()> {
        if !self.begins(Part::Postgres) {
            return Ok(());
        }
        match postgres::run(self.extent, self.places)? {
            Outcome::Measured(rows) => self.keep(rows),
            Outcome::NotMeasured(reason) => {
                self.tell(&format!("not measured: {reason}"));
                self.report.not_measured.push(format!("PostgreSQL: {reason}"));
                self.keep(Vec::new())
            }
        }
    }

    fn growth(&mut self) -> anyhow::Result<()> {
        if !self.begins(Part::Growth) {
            return Ok(());
        }
        let (rows, series) = growth::run(self.extent, self.places)?;
        self.report.growth = series;
        self.keep(rows)
    }

    /// Whether a part is measured; if so, a person is told that it begins.
    fn begins(&self, part: Part) -> bool {
        let has = self.extent.has(part);
        if has {
            self.tell(&format!("{part:?}").to_lowercase());
        }
        has
    }

    /// Writes down what a part has found, so that it is not lost when a later one fails.
    fn keep(&mut self, rows: Vec<Row>) -> anyhow::Result<()> {
        self.report.rows.extend(rows);
        self.report.write(&self.places.documents, &self.places.json, &circumstances(self.began))
    }

    /// Tells a person how far the run is.
    fn tell(&self, what: &str) {
        // Whoever closed standard error does not want to know.
        let _ = writeln!(std::io::stderr(), "{:>5} s  {what}", self.began.elapsed().as_secs());
    }
}

/// The machine and the run.
fn circumstances(began: Instant) -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("an unknown processor", |(_, name)| name.trim());
    let seconds = began.elapsed().as_secs();
    format!("{} cores of {model}, shared with the load generator; the run took {seconds} s.", processors())
}

/// Each connection is a file, here and in the server, which inherits the limit.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // With a lower limit the row about idle connections fails and says so.
    let _ = setrlimit(Resource::Nofile, limit);
}
