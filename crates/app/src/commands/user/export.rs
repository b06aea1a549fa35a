//! `user export`.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use countersign_domain::audit::event::Caller;
use countersign_domain::identity::UserId;
use countersign_domain::two_factor::backup_code::BackupCodeHash;
use countersign_domain::two_factor::export::{ExportForm, ExportedCodes, ExportedFactor};
use countersign_jobs::export_users::{UsersExported, export_users};
use serde::Serialize;

use super::Owner;
use crate::commands::{Outcome, Session};
use crate::output::{Report, note};
use crate::wiring::{self, Recipient, Stores};
use crate::work::{Shown, stop_on_signal};

/// What is exported, where to and in which form.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The new file; only its owner may read it
    file: PathBuf,
    /// Whose users
    #[command(flatten)]
    pub(super) owner: Owner,
    /// Seal the file for the holder of this key: what `age-keygen` prints as the public key
    #[arg(long, value_name = "age1…", required_unless_present = "clear_text")]
    recipient: Option<Recipient>,
    /// Write the secrets so that anybody who gets the file has them
    #[arg(long, conflicts_with = "recipient")]
    clear_text: bool,
}

#[derive(Serialize)]
struct ExportReport {
    exported: u64,
    without_backup_codes: u64,
    refused: u64,
}

impl Report for ExportReport {
    const COLUMNS: &'static [&'static str] = &["exported", "without backup codes", "refused"];

    fn cells(&self) -> Vec<String> {
        [self.exported, self.without_backup_codes, self.refused].iter().map(u64::to_string).collect()
    }
}

/// A row, as `user import` reads it.
#[derive(Serialize)]
struct Row<'a> {
    user_id: &'a str,
    secret: &'a str,
    algorithm: &'static str,
    digits: u8,
    period: u8,
    state: &'static str,
    enabled_at: Option<String>,
    backup_code_hashes: Vec<&'a str>,
}

/// Writes the factors of all users. A file that is not finished is removed again.
pub(super) async fn run(session: &Session, stores: &Stores, export: Export) -> anyhow::Result<Outcome> {
    let use_case = wiring::exporter(session, stores).await?;
    let Owner { org, env } = export.owner;
    let file = create(&export.file)?;
    let form = if export.recipient.is_some() { ExportForm::Sealed } else { ExportForm::Clear };
    let written = async {
        use_case.announce(org, env, form, &Caller::OPERATOR).await?;
        let mut out = Out::new(BufWriter::new(file), export.recipient.as_ref(), session)?;
        let mut shown = Shown::new("exporting users");
        let mut sink = |user: &UserId, factor: &ExportedFactor| write(&mut out, user, factor);
        let stop = stop_on_signal()?;
        let exported = export_users(&use_case, (org, env), &mut sink, &mut shown, &stop).await?;
        out.finish()?.sync_all()?;
        anyhow::Ok(exported)
    };
    match written.await {
        Ok(exported) => conclude(session, exported),
        Err(error) => {
            // Half of it would pass for all of it.
            if let Err(stays) = fs::remove_file(&export.file) {
                note(format_args!("remove {} yourself: {stays}", export.file.display()));
            }
            Err(error.context("nothing was exported; export again"))
        }
    }
}

fn create(file: &Path) -> anyhow::Result<fs::File> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    created.with_context(|| format!("cannot make {}, and nothing is overwritten", file.display()))
}

fn conclude(session: &Session, exported: UsersExported) -> anyhow::Result<Outcome> {
    let UsersExported { exported, without_codes, refused } = exported;
    session.output.one(&ExportReport { exported, without_backup_codes: without_codes, refused })?;
    if without_codes > 0 {
        note(format_args!(
            "the backup codes of {without_codes} users stay here: their hashes stand behind the pepper of this key ring; \
             elsewhere these users make new ones"
        ));
    }
    Ok(if refused > 0 { Outcome::RowsRefused } else { Outcome::Done })
}

fn write(out: &mut impl Write, user: &UserId, factor: &ExportedFactor) -> io::Result<()> {
    let hashes = match &factor.codes {
        ExportedCodes::Hashes(hashes) => hashes.iter().map(BackupCodeHash::as_str).collect(),
        ExportedCodes::Peppered => Vec::new(),
    };
    let row = Row {
        user_id: user.as_str(),
        secret: &factor.secret.to_base32(),
        algorithm: factor.parameters.algorithm.as_str(),
        digits: factor.parameters.digits.count(),
        period: factor.parameters.period.as_seconds(),
        state: if factor.enabled_at.is_some() { "enabled" } else { "pending" },
        enabled_at: factor.enabled_at.map(|at| at.to_string()),
        backup_code_hashes: hashes,
    };
    serde_json::to_writer(&mut *out, &row)?;
    out.write_all(b"\n")
}

/// The file, sealed or not.
enum Out {
    Sealed(Box<wiring::SealedFile<BufWriter<fs::File>>>),
    Clear(BufWriter<fs::File>),
}

impl Out {
    fn new(
        file: BufWriter<fs::File>,
        recipient: Option<&Recipient>,
        session: &Session,
    ) -> anyhow::Result<Self> {
        Ok(match recipient {
            Some(recipient) => Self::Sealed(Box::new(wiring::seal_file(file, recipient, session)?)),
            None => Self::Clear(file),
        })
    }

    fn finish(self) -> io::Result<fs::File> {
        let file = match self {
            Self::Sealed(sealed) => sealed.finish()?,
            Self::Clear(file) => file,
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Sealed(sealed) => sealed.write(bytes),
            Self::Clear(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Sealed(sealed) => sealed.flush(),
            Self::Clear(file) => file.flush(),
        }
    }
}
