//! `audit export`.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use countersign_domain::audit::chain_ports::{Link, LinkedRecord};
use countersign_domain::audit::ports::AuditRecord;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_jobs::export_trail::export_trail;
use serde::Serialize;

use crate::commands::{Outcome, existing_organization};
use crate::output::note;
use crate::wiring::Stores;
use crate::work::{Shown, stop_on_signal};

/// Which part of which trail, and where it goes.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The organization
    #[arg(long, value_name = "ID")]
    org: OrganizationId,
    /// Only what has a seal with a higher number, to go on where an export ended
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// The new file; without it the export goes to standard output
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// A sealed event, with everything that its hash is made of.
#[derive(Serialize)]
struct Line {
    organization: String,
    number: u64,
    hash: String,
    event_id: String,
    /// `null` when the event is gone or cannot be read.
    event: Option<EventBody>,
}

#[derive(Serialize)]
struct EventBody {
    name: String,
    environment: Option<&'static str>,
    user_id: Option<String>,
    /// Names and texts, in the order of the hash.
    details: Vec<(String, String)>,
    actor: String,
    request_id: Option<String>,
    address: Option<String>,
    happened_at: String,
    /// Microseconds since 1970, as the hash takes them.
    happened_at_micros: i64,
}

impl From<AuditRecord> for EventBody {
    fn from(record: AuditRecord) -> Self {
        Self {
            name: record.name,
            environment: record.environment.map(Environment::as_str),
            user_id: record.user.map(|user| user.as_str().to_owned()),
            details: record.details,
            actor: record.actor,
            request_id: record.request.map(|request| request.to_string()),
            address: record.address.map(|address| address.to_string()),
            happened_at: record.at.to_string(),
            happened_at_micros: record.at.as_micros(),
        }
    }
}

impl Line {
    fn new(organization: OrganizationId, link: Link) -> Self {
        Self {
            organization: organization.to_string(),
            number: link.number,
            hash: link.hash.to_string(),
            event_id: link.event.to_string(),
            event: match link.record {
                LinkedRecord::Stored(record) => Some(record.into()),
                LinkedRecord::Missing | LinkedRecord::Unreadable => None,
            },
        }
    }
}

/// Writes the sealed part of a trail, a JSON document on each line.
pub(super) async fn run(stores: &Stores, export: Export) -> anyhow::Result<Outcome> {
    let Export { org, mut after, file } = export;
    existing_organization(stores, org).await?;
    let mut output = open(file.as_deref())?;
    let (mut broken, mut shown, stop) = (0_u64, Shown::new("exporting the trail"), stop_on_signal()?);
    let mut write = |link| {
        let line = Line::new(org, link);
        broken = broken.saturating_add(u64::from(line.event.is_none()));
        serde_json::to_writer(&mut output, &line)?;
        output.write_all(b"\n")
    };
    let exported = export_trail(&*stores.chain, org, &mut after, &mut write, &mut shown, &stop).await;
    let flushed = output.flush();
    drop(shown);
    let go_on = || format!("go on with `countersign audit export --org {org} --after {after}`");
    exported.with_context(go_on)?;
    flushed.with_context(go_on)?;
    anyhow::ensure!(!stop.is_asked(), "stopped; {}", go_on());
    let waiting = stores.chain.unsealed(org, 0).await?.waiting;
    if waiting > 0 {
        note(format_args!(
            "{waiting} events wait for their seal and are not exported; see `countersign audit seal`"
        ));
    }
    if broken > 0 {
        note(format_args!("{broken} events are missing or cannot be read; see `countersign audit verify`"));
        return Ok(Outcome::RowsRefused);
    }
    Ok(Outcome::Done)
}

fn open(file: Option<&Path>) -> anyhow::Result<Box<dyn Write + Send>> {
    let Some(path) = file else { return Ok(Box::new(BufWriter::new(io::stdout()))) };
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let opened =
        opened.with_context(|| format!("cannot make {}; name a file that is not there", path.display()))?;
    Ok(Box::new(BufWriter::new(opened)))
}
