//! Runs the built binary in a directory of its own.

#![allow(dead_code, unused_imports, reason = "every test file uses another part")]

pub(crate) mod authenticator;
mod server;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[cfg(feature = "postgres")]
use countersign_testkit::services::postgres::PostgresDatabase;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use server::{Answer, Server};

/// The binary under test.
const COUNTERSIGN: &str = env!("CARGO_BIN_EXE_countersign");

/// A database system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

/// A working directory in which `countersign` finds nothing from elsewhere.
pub(crate) struct Home {
    directory: TempDir,
    #[cfg(feature = "postgres")]
    database: Option<PostgresDatabase>,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    /// With a SQLite database.
    pub(crate) fn new() -> Self {
        Self::on(Engine::Sqlite)
    }

    #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "there is only one"))]
    pub(crate) fn on(engine: Engine) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            #[cfg(feature = "postgres")]
            database: match engine {
                Engine::Sqlite => None,
                Engine::Postgres => Some(PostgresDatabase::copied("app", migrate)),
            },
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The database on a server.
    #[cfg(feature = "postgres")]
    pub(crate) fn database(&self) -> &PostgresDatabase {
        self.database.as_ref().unwrap()
    }

    /// The URL of the database, when it is none that `countersign` makes by itself.
    #[cfg_attr(not(feature = "postgres"), expect(clippy::unused_self, reason = "only a server has a URL"))]
    pub(crate) fn database_url(&self) -> Option<String> {
        #[cfg(feature = "postgres")]
        return self.database.as_ref().map(PostgresDatabase::url);
        #[cfg(not(feature = "postgres"))]
        None
    }

    /// Runs statements past the program.
    pub(crate) fn sql(&self, statements: &str) {
        #[cfg(feature = "postgres")]
        if let Some(database) = &self.database {
            database.sql(statements);
            return;
        }
        let file = self.path().join("countersign-data/countersign.db");
        let mut command = Command::new("sqlite3");
        command.args(["-bail", "-cmd", ".timeout 10000"]).arg(file).arg(statements);
        let output = command.output().expect("sqlite3 is needed; install it: apt-get install sqlite3");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// A command that hashes cheaply, listens on a free port and sees no other settings.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(COUNTERSIGN);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COUNTERSIGN_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command.env("COUNTERSIGN_HASHING__COST", "4").env("COUNTERSIGN_SERVER__LISTEN", "127.0.0.1:0");
        // On a busy machine a call may have to wait for a thread.
        command.env("COUNTERSIGN_DATABASE__WAIT", "30s");
        if let Some(url) = self.database_url() {
            command.env("COUNTERSIGN_DATABASE__URL", url);
        }
        command
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        finish(self.command(words(line)))
    }

    pub(crate) fn run_with(&self, variables: &[(&str, &str)], line: &str) -> Ran {
        let mut command = self.command(words(line));
        command.envs(variables.iter().copied());
        finish(command)
    }

    pub(crate) fn run_with_input(&self, line: &str, input: &str) -> Ran {
        let mut command = self.command(words(line));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        ran(child.wait_with_output().unwrap())
    }

    /// The one JSON document of a command that succeeds.
    pub(crate) fn json(&self, line: &str) -> Value {
        let ran = self.run(&format!("--output json {line}"));
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{line}: {error}: {}", ran.stdout))
    }

    /// The JSON documents of a list.
    pub(crate) fn list(&self, line: &str) -> Vec<Value> {
        let ran = self.run(&format!("--output json {line}"));
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn organization(&self, plan: &str) -> String {
        text(&self.json(&format!("org create --name Acme --plan {plan}"))["id"])
    }

    pub(crate) fn token(&self, organization: &str, user: &str) -> String {
        text(&self.json(&format!("token mint --org {organization} --user {user}"))["token"])
    }
}

#[cfg(feature = "postgres")]
fn migrate(url: &str) {
    let migrated = Home::new().run(&format!("--database {url} migrate up"));
    assert_eq!(migrated.code, 0, "{}", migrated.stderr);
}

fn finish(mut command: Command) -> Ran {
    ran(command.output().unwrap())
}

fn ran(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Words with spaces between them; a `+` in a word stands for a space.
pub(crate) fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(|word| word.replace('+', " ")).collect()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The one database of a home, with nothing left in its log.
pub(crate) fn database(home: &Home) -> PathBuf {
    // A server that was killed leaves its log behind; a command, which closes the database last, takes it in.
    home.list("org list");
    let files = std::fs::read_dir(home.path().join("countersign-data")).unwrap();
    let mut found = files.map(|file| file.unwrap().path());
    let path = found.find(|path| path.extension().is_some_and(|extension| extension == "db")).unwrap();
    let log = std::fs::metadata(path.with_extension("db-wal"));
    assert!(log.is_err() || log.unwrap().len() == 0);
    path
}

/// Writes over a text in the file itself, past every trigger.
pub(crate) fn overwrite(home: &Home, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let path = database(home);
    let mut bytes = std::fs::read(&path).unwrap();
    let mut count = 0;
    for at in 0..bytes.len() - old.len() {
        if bytes[at..].starts_with(old.as_bytes()) {
            bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
            count += 1;
        }
    }
    assert_ne!(count, 0, "{old} is not in the file");
    std::fs::write(&path, bytes).unwrap();
}
