//! `keyring`: the keys that stored data depends on.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::wiring;

/// What may follow `keyring`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Make a key ring with new keys, in a file that only its owner may read
    Generate {
        /// The new file; name it in keys.file. Keep a copy apart from the database: without it no stored factor works
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Serialize)]
struct KeyringReport {
    file: String,
}

impl Report for KeyringReport {
    const COLUMNS: &'static [&'static str] = &["file"];

    fn cells(&self) -> Vec<String> {
        vec![self.file.clone()]
    }
}

/// Does what follows `keyring`.
pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<Outcome> {
    let Arguments::Generate { file } = arguments;
    wiring::generate_key_ring(&*session.entropy, file)?;
    session.output.one(&KeyringReport { file: file.display().to_string() })?;
    Ok(Outcome::Done)
}
