//! `usage record`.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::period::{AnchorDay, BillingPeriod};
use countersign_domain::quota::ports::{Recorded, UsageEvent};
use countersign_domain::time::Timestamp;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, Receiver};

use super::rows::{self, Line, UsageRow};
use crate::commands::{Outcome, Session};
use crate::output::{Report, note};
use crate::wiring::Stores;

/// Events of one owner that are stored at once.
const BATCH: usize = 500;
/// Events of all owners that may wait; a file may name any number of organizations.
const MOST_WAITING: usize = 20_000;

#[derive(Serialize, Default)]
struct RecordReport {
    recorded: u64,
    duplicates: u64,
    refused: u64,
}

impl Report for RecordReport {
    const COLUMNS: &'static [&'static str] = &["recorded", "duplicates", "refused"];

    fn cells(&self) -> Vec<String> {
        [self.recorded, self.duplicates, self.refused].iter().map(u64::to_string).collect()
    }
}

/// Counts what the file tells; refused rows are reported and the others are counted all the same.
pub(super) async fn run(session: &Session, stores: &Stores, file: &Path) -> anyhow::Result<Outcome> {
    let mut recorder = Recorder {
        stores,
        anchors: HashMap::new(),
        waiting: BTreeMap::new(),
        waiting_events: 0,
        report: RecordReport::default(),
    };
    let mut lines = read(file.to_owned(), session.clock.now());
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            _ = interrupt.recv() => return Err(recorder.stopped()),
        };
        match line.transpose()? {
            Some(line) => recorder.take_line(line).await?,
            None => break,
        }
    }
    recorder.store_all().await?;
    session.output.one(&recorder.report)?;
    Ok(if recorder.report.refused > 0 { Outcome::RowsRefused } else { Outcome::Done })
}

/// Reads on a thread of its own, so that a file which gives nothing for a while does not keep a signal waiting.
fn read(file: PathBuf, now: Timestamp) -> Receiver<anyhow::Result<Line>> {
    let (lines, read) = mpsc::channel(BATCH);
    std::thread::spawn(move || {
        let sent = open(&file).and_then(|reader| {
            for line in rows::lines(reader, now)? {
                let line = line.context("the file cannot be read any further; what was read is counted")?;
                if lines.blocking_send(Ok(line)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        if let Err(error) = sent {
            // Nobody waits for it any more when the receiver is gone.
            let _ = lines.blocking_send(Err(error));
        }
    });
    read
}

fn open(file: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Box::new(BufReader::new(opened)))
}

struct Recorder<'a> {
    stores: &'a Stores,
    anchors: HashMap<OrganizationId, Option<AnchorDay>>,
    waiting: BTreeMap<(OrganizationId, Environment), Vec<UsageEvent>>,
    waiting_events: usize,
    report: RecordReport,
}

impl Recorder<'_> {
    async fn take_line(&mut self, line: Line) -> anyhow::Result<()> {
        let accepted = match line.row {
            Ok(row) => self.take(row).await?,
            Err(reason) => Err(reason),
        };
        if let Err(reason) = accepted {
            self.report.refused = self.report.refused.saturating_add(1);
            note(format_args!("line {}: {reason}", line.number));
        }
        Ok(())
    }

    /// How to go on after the work ended early.
    fn stopped(&self) -> anyhow::Error {
        let recorded = self.report.recorded;
        anyhow::anyhow!(
            "stopped after {recorded} new rows; record the file again: what is counted counts once"
        )
    }

    /// Takes a row; the inner error refuses it.
    async fn take(&mut self, row: UsageRow) -> anyhow::Result<Result<(), String>> {
        let Some(anchor) = self.anchor(row.organization).await? else {
            return Ok(Err(format!("there is no organization {}", row.organization)));
        };
        let period = BillingPeriod::containing(row.at, anchor);
        let event = UsageEvent { id: row.event, at: row.at, period, consumption: row.consumption };
        let owner = (row.organization, row.environment);
        let waiting = self.waiting.entry(owner).or_default();
        waiting.push(event);
        self.waiting_events = self.waiting_events.saturating_add(1);
        if waiting.len() >= BATCH {
            let batch = std::mem::take(waiting);
            self.store(owner, batch).await?;
        } else if self.waiting_events >= MOST_WAITING {
            self.store_all().await?;
        }
        Ok(Ok(()))
    }

    async fn anchor(&mut self, organization: OrganizationId) -> anyhow::Result<Option<AnchorDay>> {
        if let Some(known) = self.anchors.get(&organization) {
            return Ok(*known);
        }
        let anchor = self.stores.organizations.find(organization).await?.map(|found| found.anchor_day);
        self.anchors.insert(organization, anchor);
        Ok(anchor)
    }

    async fn store_all(&mut self) -> anyhow::Result<()> {
        for (owner, batch) in std::mem::take(&mut self.waiting) {
            self.store(owner, batch).await?;
        }
        Ok(())
    }

    async fn store(
        &mut self,
        (organization, environment): (OrganizationId, Environment),
        batch: Vec<UsageEvent>,
    ) -> anyhow::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.waiting_events = self.waiting_events.saturating_sub(batch.len());
        let told = self.stores.usage.record(organization, environment, batch).await.with_context(|| {
            let so_far = self.report.recorded;
            format!(
                "stopped after {so_far} new rows; record the file again, what is counted is not counted twice"
            )
        })?;
        for recorded in told {
            let counter = match recorded {
                Recorded::Counted => &mut self.report.recorded,
                Recorded::Duplicate => &mut self.report.duplicates,
            };
            *counter = counter.saturating_add(1);
        }
        Ok(())
    }
}
