//! A place of its own for a server under test: data, keys, configuration.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tempfile::TempDir;

use super::people::Signer;
use super::site::LOWEST_COST;
use crate::run::Places;

/// The secret of user tokens; whoever runs a benchmark may know it.
const TOKEN_SECRET: &str = "q6Zf0wL2xJm8TnV4rYb1KcHs7UdGpEa9";
/// No setting's name begins like this.
const TOKEN_SECRET_VARIABLE: &str = "BENCH_TOKEN_SECRET";

/// The most wrong codes in a row that a policy may allow.
pub(crate) const MAX_ATTEMPTS: u32 = 10;

/// A directory with the data of one server. It is removed when this is dropped.
pub(crate) struct Home {
    directory: TempDir,
    binary: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Home {
    /// An empty home below `place` for the program `binary`, whose backup codes are hashed at `cost`.
    pub(crate) fn new(place: &Path, binary: &Path, cost: u32) -> anyhow::Result<Self> {
        std::fs::create_dir_all(place).with_context(|| format!("cannot make {}", place.display()))?;
        let directory = tempfile::Builder::new().prefix("home-").tempdir_in(place)?;
        let settings = vec![
            ("COUNTERSIGN_HASHING__COST", cost.to_string()),
            ("COUNTERSIGN_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("COUNTERSIGN_AUTH__HS256_SECRET", format!("env:{TOKEN_SECRET_VARIABLE}")),
            ("COUNTERSIGN_TWO_FACTOR__SETUPS", "1000000".to_owned()),
            (TOKEN_SECRET_VARIABLE, TOKEN_SECRET.to_owned()),
        ];
        Ok(Self { directory, binary: std::path::absolute(binary)?, settings })
    }

    /// A home with an empty database, whose server hashes at the lowest cost.
    pub(crate) fn migrated(places: &Places) -> anyhow::Result<Self> {
        let home = Self::new(&places.work, &places.binary, LOWEST_COST)?;
        home.run("migrate up")?;
        Ok(home)
    }

    /// Changes a setting for the commands that come.
    pub(crate) fn set(&mut self, variable: &'static str, value: &str) {
        self.settings.push((variable, value.to_owned()));
    }

    /// Its directory.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The embedded database.
    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("countersign-data").join("countersign.db")
    }

    /// `countersign` with these arguments, and with no settings but those of this home.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.command_under(&[], arguments)
    }

    /// The same, run by another program with its arguments.
    pub(crate) fn command_under<A: AsRef<OsStr>>(
        &self,
        runner: &[&str],
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut words = runner.iter().map(OsStr::new).chain([self.binary.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COUNTERSIGN_") {
                command.env_remove(name);
            }
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.args(["--output", "json"]).args(arguments);
        command.current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; the JSON document that it printed.
    pub(crate) fn run(&self, line: &str) -> anyhow::Result<Value> {
        let output = self.command(line.split_whitespace()).output().context("countersign does not start")?;
        if !output.status.success() {
            bail!("countersign {line}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    /// A new organization whose bucket gives `rate` tokens a second and holds as many.
    pub(crate) fn organization(&self, rate: u32) -> anyhow::Result<Signer> {
        let plan = format!("rate-{rate}");
        self.run(&format!(
            "plan set {plan} --requests-per-second {rate} --burst {rate} --turns unlimited --relationships unlimited"
        ))?;
        let made = self.run(&format!("org create --name Bench --plan {plan}"))?;
        let id = made.get("id").and_then(Value::as_str).context("an organization without an id")?;
        self.run(&format!("org policy set {id} --max-attempts {MAX_ATTEMPTS}"))?;
        Ok(Signer::new(TOKEN_SECRET, id))
    }

    /// Ends what enrolled users leave to be done: a server that found it would seal the events of them all, and share the disk
    /// with what they wrote, for as long as is measured.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        self.run("audit seal")?;
        rustix::fs::sync();
        Ok(())
    }

    /// An API key of the organization that may read and count its live usage.
    pub(crate) fn usage_key(&self, organization: &str) -> anyhow::Result<String> {
        let line =
            format!("api-key create --org {organization} --env live --scope usage:read --scope usage:write");
        let made = self.run(&line)?;
        Ok(made.get("key").and_then(Value::as_str).context("a key that is not shown")?.to_owned())
    }
}
