//! The cluster of `deploy/ha`, in a folder of its own.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/ha");
/// Ports that `start` uses, one after the other.
const PORTS: u16 = 15;

/// When a commit is acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Replication {
    /// When a second node has it.
    Synchronous,
    /// When the primary has it.
    Asynchronous,
}

/// A running cluster; dropping it ends it.
pub(crate) struct HaCluster {
    folder: TempDir,
    first_port: u16,
    url: String,
}

impl HaCluster {
    pub(crate) fn start(replication: Replication) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let first_port = free_ports();
        let mode = match replication {
            Replication::Synchronous => "synchronous",
            Replication::Asynchronous => "asynchronous",
        };
        let mut start = Command::new(format!("{SCRIPTS}/start"));
        start.arg(folder.path().join("ha")).arg(first_port.to_string()).env("COUNTERSIGN_HA_MODE", mode);
        open_to_postgres(folder.path());
        let output = start.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        Self { folder, first_port, url: said.trim().to_owned() }
    }

    /// The address that leads to the primary.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends PostgreSQL and Patroni of the primary at once, as the loss of the machine would.
    pub(crate) fn kill_the_primary(&self) {
        let node = self.primary();
        let pids = std::fs::read_to_string(self.path("pids")).unwrap();
        let patroni = pids.lines().find_map(|line| line.strip_suffix(&format!(" node{node}"))).unwrap();
        let postmaster = std::fs::read_to_string(self.path(&format!("node{node}/postmaster.pid"))).unwrap();
        let postmaster = postmaster.lines().next().unwrap();
        assert!(Command::new("kill").args(["-KILL", patroni, postmaster]).status().unwrap().success());
    }

    /// The replicas get nothing any more, and miss a whole segment of the log. Only the primary knows why: what the replicas
    /// have must let them take over.
    pub(crate) fn cut_off_the_replicas(&self) {
        self.let_replicas_take_over_that_miss_much();
        self.wait_until_the_replicas_have_everything();
        let rules = self.path(&format!("node{}/pg_hba.conf", self.primary()));
        let before = std::fs::read_to_string(&rules).unwrap();
        std::fs::write(&rules, format!("host replication all all reject\n{before}")).unwrap();
        self.sql("SELECT pg_reload_conf(), pg_sleep(1)");
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication");
        // Until Patroni has noted how far the primary is: it does so every two seconds.
        self.sql("SELECT pg_switch_wal(), pg_sleep(3)");
    }

    fn wait_until_the_replicas_have_everything(&self) {
        let written = self.sql("SELECT pg_current_wal_lsn()");
        let query = format!("SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= '{written}'");
        let begun = Instant::now();
        while self.sql(&query) != "2" {
            assert!(begun.elapsed() < Duration::from_secs(30), "the replicas do not follow");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What the primary answers.
    fn sql(&self, statement: &str) -> String {
        let password = std::fs::read_to_string(self.path("superuser.password")).unwrap();
        let output = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--host=127.0.0.1", "--username=postgres", "--dbname=postgres", "--command", statement])
            .args(["--port", &(self.first_port + 12).to_string()])
            .env("PGPASSWORD", password.trim())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Patroni leaves a cluster without a primary rather than promote a replica that misses more than
    /// `maximum_lag_on_failover`. The server itself writes that much at times, for example when it vacuums.
    fn let_replicas_take_over_that_miss_much(&self) {
        let url = format!("http://127.0.0.1:{}/config", self.first_port + 9);
        let limit = r#"{"maximum_lag_on_failover": 1073741824}"#;
        let mut patch = Command::new("curl");
        patch.args(["--silent", "--show-error", "--fail", "--output", "/dev/null", "--request", "PATCH"]);
        assert!(patch.args(["--data", limit, &url]).status().unwrap().success());
    }

    /// What its nodes say of it, for the report of a test that fails.
    fn state(&self) -> String {
        let ask = |node: u16| {
            let url = format!("http://127.0.0.1:{}/cluster", self.first_port + 8 + node);
            let asked = Command::new("curl").args(["--silent", "--show-error", &url]).output().unwrap();
            String::from_utf8_lossy(&[asked.stdout, asked.stderr].concat()).into_owned()
        };
        let asked = (1..=3).map(ask);
        let logged = (1..=3).map(|node| self.end_of_log(&format!("node{node}")));
        asked.chain(logged).chain([self.end_of_log("haproxy")]).collect::<Vec<_>>().join("\n\n")
    }

    fn end_of_log(&self, name: &str) -> String {
        let log = std::fs::read(self.path(&format!("log/{name}.log"))).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        let end = lines.get(lines.len().saturating_sub(60)..).unwrap_or_default();
        format!("{name}:\n{}", end.join("\n"))
    }

    fn primary(&self) -> u16 {
        let is_primary = |node: &u16| {
            let url = format!("http://127.0.0.1:{}/primary", self.first_port + 8 + node);
            let asked =
                Command::new("curl").args(["--silent", "--fail", "--output", "/dev/null", &url]).status();
            asked.unwrap().success()
        };
        (1..=3).find(is_primary).expect("a node is primary")
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("ha").join(name)
    }
}

impl Drop for HaCluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.state());
        }
        let _ = Command::new(format!("{SCRIPTS}/stop")).arg(self.folder.path().join("ha")).status();
    }
}

/// The cluster runs as another user than root, who has to get at its folder.
fn open_to_postgres(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711)).unwrap();
}

/// The first of so many ports in a row that nobody listens on.
fn free_ports() -> u16 {
    let all_free =
        |first: &u16| (*first..first + PORTS).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    // Below those that the system gives to whoever asks for any.
    let start = 20_000 + u16::try_from(std::process::id() % 500).unwrap() * 20;
    (start..32_000).step_by(20).find(all_free).expect("free ports")
}
