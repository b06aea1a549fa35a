//! What may be typed. Every command has its file in `commands`, with its arguments and its work.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{api_key, audit, completions, keyring, migrate, org, plan, serve, token, usage, user};
use crate::config::Given;
use crate::output::Format;

/// Keeps second factors for a platform that already has its own users and sign-in.
///
/// Without a command it serves. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 finished with refused rows.
#[derive(Parser, Debug)]
#[command(name = "countersign", version)]
pub(crate) struct Cli {
    /// A configuration file, in TOML
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_CONFIG", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Where development keeps what it makes up
    #[arg(
        long,
        value_name = "DIR",
        env = "COUNTERSIGN_DATA_DIR",
        default_value = "countersign-data",
        global = true
    )]
    pub(crate) data_dir: PathBuf,

    /// The database, such as sqlite:PATH or the URL of a PostgreSQL database
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) database: Option<String>,

    /// The format of results on standard output
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(crate) output: Format,

    /// What to do
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// What works with a configuration.
    #[command(flatten)]
    Work(Work),
    /// Print the OpenAPI document
    Openapi,
    /// Print completions for a shell
    Completions(completions::Arguments),
}

/// What works with a configuration.
#[derive(Subcommand, Debug)]
pub(crate) enum Work {
    /// Run the API (the default)
    Serve(serve::Arguments),
    /// Bring the database's tables to this version, or back
    #[command(subcommand)]
    Migrate(migrate::Arguments),
    /// Organizations: the owners of users, keys, limits and quota
    #[command(subcommand)]
    Org(org::Arguments),
    /// Plans: how fast an organization may call, and how much it may use
    #[command(subcommand)]
    Plan(plan::Arguments),
    /// API keys of an organization
    #[command(subcommand)]
    ApiKey(api_key::Arguments),
    /// User tokens for development and tests
    #[command(subcommand)]
    Token(token::Arguments),
    /// Users' second factors: show and reset them, and take over those of another system
    #[command(subcommand)]
    User(user::Arguments),
    /// What organizations have used
    #[command(subcommand)]
    Usage(usage::Arguments),
    /// The audit trail: seal it, and find out whether it was tampered with
    #[command(subcommand)]
    Audit(audit::Arguments),
    /// The keys that stored data depends on
    #[command(subcommand)]
    Keyring(keyring::Arguments),
    /// Remove what has had its time; a running server does so every minute
    Purge,
    /// Check configuration, database, keys, limits and clock, and say what to do about each finding
    Doctor,
}

impl Cli {
    /// The command; serving when none was typed.
    pub(crate) fn take_command(&mut self) -> Command {
        self.command.take().unwrap_or_else(|| Command::Work(Work::Serve(serve::Arguments::default())))
    }

    /// Where settings come from: the file, the environment, and the flags, those of `work` included.
    pub(crate) fn given(&self, work: &Work) -> Given {
        let mut flags = Vec::new();
        if let Some(url) = &self.database {
            flags.push(("--database", "database.url", url.clone()));
        }
        if let Work::Serve(arguments) = work {
            flags.extend(arguments.settings());
        }
        Given { file: self.config.clone(), environment: environment(), flags }
    }
}

/// The environment, without what is not Unicode: no setting is.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves() {
        let mut cli = Cli::try_parse_from(["countersign"]).unwrap();
        assert!(matches!(cli.take_command(), Command::Work(Work::Serve(_))));
    }
}
