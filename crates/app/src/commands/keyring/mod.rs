//! `keyring`: the keys that stored data and assertions depend on, and how one takes the place of another.

mod change;
mod list;
mod reseal;
mod settled;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_domain::keys::{KeyId, KeyPurpose};
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
    /// Show the keys, and how many stored rows depend on each
    List,
    /// Add a new key, which nothing is made with yet
    ///
    /// A running server takes it within 5 seconds. Give the changed file to every server before the key is promoted.
    Add {
        /// What the key is for: sealing, pepper or assertion-signing
        #[arg(long)]
        purpose: KeyPurpose,
    },
    /// Make a key the primary one: from now on everything new is made with it
    Promote(Chosen),
    /// Seal everything anew that is sealed with another key than the primary one
    ///
    /// Works while servers run. When it is stopped, the next run goes on with what is left.
    Reseal,
    /// Take a key away that nothing depends on any more
    Retire(Chosen),
}

/// A key of the ring.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Chosen {
    /// What the key is for: sealing, pepper or assertion-signing
    #[arg(long)]
    purpose: KeyPurpose,
    /// The key's number
    #[arg(long, value_name = "NUMBER", value_parser = key_id)]
    key: KeyId,
}

fn key_id(text: &str) -> Result<KeyId, std::num::ParseIntError> {
    text.parse().map(KeyId)
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
pub(crate) async fn run(arguments: Arguments, session: &Session) -> anyhow::Result<Outcome> {
    if let Arguments::Generate { file } = &arguments {
        return generate(file, session);
    }
    let stores = session.stores().await?;
    wiring::prepare_keys(&session.config, &*session.entropy)?;
    match arguments {
        Arguments::Generate { .. } | Arguments::List => {}
        Arguments::Add { purpose } => change::add(session, &stores, purpose).await?,
        Arguments::Promote(chosen) => change::promote(session, chosen).await?,
        Arguments::Reseal => return reseal::run(session, &stores).await,
        Arguments::Retire(chosen) => change::retire(session, &stores, chosen).await?,
    }
    list::run(session, &stores).await
}

fn generate(file: &Path, session: &Session) -> anyhow::Result<Outcome> {
    wiring::generate_key_ring(&*session.entropy, file)?;
    session.output.one(&KeyringReport { file: file.display().to_string() })?;
    Ok(Outcome::Done)
}
