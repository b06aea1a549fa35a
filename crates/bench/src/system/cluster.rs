//! A PostgreSQL server that the benchmark starts for itself, as durable as in earnest, and pgbench beside it.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// How long the server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server in a folder of its own; it is ended when this is dropped.
pub(crate) struct Cluster {
    server: Child,
    port: u16,
    folder: TempDir,
}

impl Cluster {
    /// Makes a cluster below `place` and waits until it can be asked.
    pub(crate) fn start(place: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(place).with_context(|| format!("cannot make {}", place.display()))?;
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir_in(std::path::absolute(place)?)?;
        if geteuid().is_root() {
            chown(folder.path(), Some(id("-u")?), Some(id("-g")?))?;
        }
        let data = folder.path().join("data");
        let mut initdb = as_postgres("initdb")?;
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"]);
        output(initdb.arg("--pgdata").arg(&data))?;

        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut postgres = as_postgres("postgres")?;
        postgres.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in
            ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=on", "synchronous_commit=on"]
        {
            postgres.args(["-c", setting]);
        }
        let log = File::create(folder.path().join("log"))?;
        let server = postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let mut cluster = Self { server, port, folder };
        cluster.wait()?;
        Ok(cluster)
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        while self.ask("postgres", "SELECT 1").is_err() {
            if self.server.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("PostgreSQL does not start: {log}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The address of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs one statement; what it printed.
    pub(crate) fn ask(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        let mut psql = Command::new(program("psql")?);
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", &self.url(database)]);
        output(psql.args(["--command", statement]))
    }

    /// Transactions a second of pgbench, whose `clients` run the script again and again with these variables.
    pub(crate) fn transactions_per_second(
        &self,
        bench: &Bench<'_>,
        at_least: Duration,
    ) -> anyhow::Result<f64> {
        let script = self.folder.path().join("script.sql");
        std::fs::write(&script, bench.script)?;
        let mut pgbench = Command::new(program("pgbench")?);
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--client", &bench.clients.to_string()]);
        // Whole seconds, and at least one.
        let seconds = at_least.as_millis().div_ceil(1_000).max(1);
        pgbench.args(["--time", &seconds.to_string()]).arg("--file").arg(&script);
        for (name, value) in bench.variables {
            pgbench.arg("--define").arg(format!("{name}={value}"));
        }
        let told = output(pgbench.arg(self.url(bench.database)))?;
        rate(&told).with_context(|| format!("pgbench told no rate: {told}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGQUIT is the immediate shutdown: the server ends its own processes, and nobody needs its files any more.
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let _ = self.server.wait();
    }
}

/// What pgbench does.
pub(crate) struct Bench<'a> {
    pub(crate) database: &'a str,
    pub(crate) script: &'a str,
    pub(crate) clients: usize,
    pub(crate) variables: &'a [(&'a str, &'a str)],
}

/// The rate in what pgbench prints, unless a transaction failed.
fn rate(told: &str) -> Option<f64> {
    let after =
        |start: &str| told.lines().find_map(|line| line.strip_prefix(start)?.split_whitespace().next());
    let failed = after("number of failed transactions: ").unwrap_or("0");
    (failed == "0").then(|| after("tps = ")?.parse().ok())?
}

/// The server refuses to run as root.
fn as_postgres(name: &str) -> anyhow::Result<Command> {
    let program = program(name)?;
    if !geteuid().is_root() {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command.current_dir("/");
    Ok(command)
}

/// A program of PostgreSQL; Debian keeps those of the server outside the path.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<_> = versions.map(|version| version.path().join("bin").join(name)).collect();
    debian.retain(|file| file.is_file());
    debian.sort();
    in_path.or_else(|| debian.pop()).with_context(|| format!("{name} of PostgreSQL is not installed"))
}

fn id(kind: &str) -> anyhow::Result<u32> {
    Ok(output(Command::new("id").args([kind, "postgres"]))?.trim().parse()?)
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{name} does not start"))?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_pgbench_counts_only_when_nothing_failed() {
        let told =
            |failed| format!("number of failed transactions: {failed} (0.000%)\ntps = 1234.5 (without …)\n");
        assert_eq!(rate(&told(0)), Some(1234.5));
        assert_eq!(rate(&told(1)), None);
        assert_eq!(rate("nothing"), None);
    }
}
