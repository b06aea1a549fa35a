//! What a run leaves behind: JSON for programs, a table and plots for people.

mod markdown;
pub(crate) mod plot;
pub(crate) mod row;

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use self::plot::{Plot, Series};
use self::row::Row;

/// Everything that a run found.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    /// What this machine or this build cannot do, with the reason.
    pub(crate) not_measured: Vec<String>,
    /// Milliseconds for each hash, by lanes.
    pub(crate) lanes: Option<Series>,
    /// Verifications a second and memory, by users.
    pub(crate) growth: Vec<Series>,
}

impl Report {
    /// Writes `latest.json`, `README.md` and the plots to `folder`, and the JSON also to `json`.
    pub(crate) fn write(&self, folder: &Path, json: &Path, circumstances: &str) -> anyhow::Result<()> {
        let rows = serde_json::to_string_pretty(&self.rows)? + "\n";
        write(&folder.join("latest.json"), &rows)?;
        write(json, &rows)?;
        let plots = self.plots();
        for (name, plot) in &plots {
            write(&folder.join(name), &plot.to_svg())?;
        }
        let names: Vec<_> = plots.iter().map(|(name, plot)| (*name, plot.title.as_str())).collect();
        write(
            &folder.join("README.md"),
            &markdown::page(&self.rows, &self.not_measured, &names, circumstances),
        )
    }

    fn plots(&self) -> Vec<(&'static str, Plot)> {
        let mut plots = Vec::new();
        if let Some(lanes) = &self.lanes {
            plots.push(("lanes.svg", Plot::new("One bcrypt on one core, by lanes", "lanes", false, lanes)));
        }
        for (series, name) in self.growth.iter().zip(["growth.svg", "memory.svg"]) {
            let title = format!("{}, by enrolled users", series.name);
            plots.push((name, Plot::new(&title, "users", true, series)));
        }
        plots
    }
}

pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
