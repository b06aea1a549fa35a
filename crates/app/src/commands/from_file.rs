//! What commands that take a file have in common: the job gets row after row, until the end or a signal.

use std::path::Path;

use anyhow::Context as _;
use countersign_jobs::{RowsJob, Tally};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::rows::Rows;
use crate::work::{Shown, stop_on_signal};

/// How a job is spoken of.
pub(crate) trait FromFile: RowsJob {
    /// What it is doing.
    const DOING: &'static str;
    /// What rows are called that are done now, that were done before, and that are refused.
    const COLUMNS: &'static [&'static str];
    /// What was done when the work ended early, after its number, and how to go on.
    const AGAIN: &'static str;
}

/// Does what the rows of the file tell; refused ones are reported and the others are done all the same.
pub(crate) async fn run<J, W>(
    session: &Session,
    mut job: J,
    rows: Rows<W, J::Row>,
    file: &Path,
) -> anyhow::Result<Outcome>
where
    J: FromFile,
    J::Row: 'static,
    W: DeserializeOwned + 'static,
{
    let mut shown = Shown::new(J::DOING);
    let mut lines = rows.read(file);
    let mut stop = stop_on_signal()?;
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = stop.asked() => anyhow::bail!(how_to_go_on(&job)),
        };
        let Some(line) = line.transpose()? else { break };
        job.take(line, &mut shown).await.with_context(|| how_to_go_on(&job))?;
    }
    job.finish(&mut shown).await.with_context(|| how_to_go_on(&job))?;
    drop(shown);
    session.output.one(&Reported(&job))?;
    Ok(if job.tally().refused > 0 { Outcome::RowsRefused } else { Outcome::Done })
}

fn how_to_go_on<J: FromFile>(job: &J) -> String {
    format!("stopped after {} {}", job.tally().done, J::AGAIN)
}

/// What has come of all rows.
struct Reported<'a, J>(&'a J);

impl<J: FromFile> Reported<'_, J> {
    fn numbers(&self) -> [u64; 3] {
        let Tally { done, known, refused } = self.0.tally();
        [done, known, refused]
    }
}

impl<J: FromFile> Report for Reported<'_, J> {
    const COLUMNS: &'static [&'static str] = J::COLUMNS;

    fn cells(&self) -> Vec<String> {
        self.numbers().iter().map(u64::to_string).collect()
    }
}

impl<J: FromFile> Serialize for Reported<'_, J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(J::COLUMNS.iter().zip(self.numbers()))
    }
}
