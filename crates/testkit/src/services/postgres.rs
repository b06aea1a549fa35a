//! A PostgreSQL cluster in a folder of its own, and databases of their own in it.
//!
//! Tests share the cluster that `COUNTERSIGN_TEST_POSTGRES` names, as `scripts/with-services` sets it; without it, a
//! process starts one and ends it with its last database.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use super::authority::Certified;
use super::{free_port, wait_until};

/// The address of the cluster that tests share, such as `postgres://postgres@127.0.0.1:5433`.
const SHARED: &str = "COUNTERSIGN_TEST_POSTGRES";

/// A server that runs in a folder of its own and is ended when it is dropped.
#[derive(Debug)]
pub struct PostgresCluster {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    server: Option<Child>,
}

impl PostgresCluster {
    /// A server with `settings`, such as `fsync=on`: without that it does not wait for the disk. Texts are compared as
    /// people do unless the schema says otherwise, so that a comparison that relies on bytes shows.
    pub fn start(settings: &[&str]) -> Self {
        let mut cluster = Self::made(settings);
        cluster.start_again();
        cluster
    }

    /// A server that is talked to by TLS only, and proves its name with these files.
    pub fn start_with_tls(certified: &Certified) -> Self {
        let mut cluster = Self::made(&["ssl=on"]);
        cluster.keep("server.crt", &std::fs::read(&certified.certificate).unwrap());
        cluster.keep("server.key", &std::fs::read(&certified.key).unwrap());
        cluster.keep("pg_hba.conf", b"hostssl all all all trust\n");
        cluster.start_again();
        cluster
    }

    /// Writes a file that only the server may read.
    fn keep(&self, name: &str, bytes: &[u8]) {
        let path = self.folder().join("data").join(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        give_to_postgres(&path);
    }

    fn made(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        give_to_postgres(folder.path());
        let initdb =
            ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--locale=C.UTF-8"];
        let mut command = as_postgres("initdb");
        command.args(initdb).args(["--locale-provider=icu", "--icu-locale=en-US", "--pgdata"]);
        run(command.arg(folder.path().join("data")));
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        Self { folder, port: free_port(), settings, server: None }
    }

    /// Starts the server after [`PostgresCluster::kill`], and waits until it can be asked.
    pub fn start_again(&mut self) {
        let fixed =
            ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=300"];
        let mut command = as_postgres("postgres");
        command.arg("-D").arg(self.folder.path().join("data")).args(["-p", &self.port.to_string()]);
        let settings = fixed.iter().copied().chain(self.settings.iter().map(String::as_str));
        settings.for_each(|setting| {
            command.args(["-c", setting]);
        });
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.server = Some(server);
        wait_until("PostgreSQL", || {
            assert!(self.server.as_mut().unwrap().try_wait().unwrap().is_none(), "{}", self.log());
            self.answers()
        });
    }

    /// Ends the server at once, as a crash would: connections break, and what was not durable is lost.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            // SIGQUIT is the immediate shutdown: the server still ends its own processes.
            let _ = kill_process(Pid::from_child(&server), Signal::QUIT);
            server.wait().unwrap();
        }
    }

    /// The port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address, without a database.
    pub fn address(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    /// The folder of the server's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn answers(&self) -> bool {
        let mut command = Command::new(program("pg_isready"));
        let asked = command.args(["--quiet", "--host=127.0.0.1", "--port", &self.port.to_string()]).status();
        asked.unwrap().success()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A database that one test has for itself; it is removed when it is dropped.
#[derive(Debug)]
pub struct PostgresDatabase {
    address: String,
    name: String,
    _cluster: Option<Arc<PostgresCluster>>,
}

impl PostgresDatabase {
    /// A database without tables, on the shared cluster.
    pub fn empty() -> Self {
        let (address, cluster) = shared_cluster();
        Self::create(address, cluster, "template1")
    }

    /// A database that `prepare` has prepared: it is called with the URL of the first database of a cluster that is
    /// made from this `template`, and the others are copies of it.
    pub fn copied(template: &str, prepare: impl FnOnce(&str)) -> Self {
        let (address, cluster) = shared_cluster();
        prepare_template(&address, template, prepare);
        Self::create(address, cluster, template)
    }

    /// A database without tables in `cluster`.
    pub fn empty_in(cluster: &PostgresCluster) -> Self {
        Self::create(cluster.address(), None, "template1")
    }

    fn create(address: String, cluster: Option<Arc<PostgresCluster>>, template: &str) -> Self {
        let name = unique("test");
        psql(&address, "postgres", &format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
            .unwrap();
        Self { address, name, _cluster: cluster }
    }

    /// Decides whether new sessions can write, and ends the present ones, as a failover does.
    pub fn fail_over_to(&self, writable: bool) {
        let (name, off) = (&self.name, if writable { "off" } else { "on" });
        let statements = [
            format!("ALTER DATABASE {name} SET default_transaction_read_only = {off}"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        ];
        for statement in statements {
            psql(&self.address, "postgres", &statement).unwrap();
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("{}/{}", self.address, self.name)
    }

    /// Runs statements past the program, in one transaction; what the last one printed.
    pub fn sql(&self, statements: &str) -> String {
        psql(&self.address, &self.name, statements).unwrap()
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A cluster that was ended took its databases with it.
        let _ = psql(&self.address, "postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// The address of the cluster that tests share, and the cluster if this process has to keep it.
fn shared_cluster() -> (String, Option<Arc<PostgresCluster>>) {
    static OWN: Mutex<Weak<PostgresCluster>> = Mutex::new(Weak::new());
    if let Ok(address) = std::env::var(SHARED) {
        return (address, None);
    }
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    let cluster = own.upgrade().unwrap_or_else(|| Arc::new(PostgresCluster::start(&[])));
    *own = Arc::downgrade(&cluster);
    (cluster.address(), Some(cluster))
}

/// Makes the template unless it is there. Who makes it at the same time makes another one and gives it up.
fn prepare_template(address: &str, template: &str, prepare: impl FnOnce(&str)) {
    let found = psql(address, "postgres", &format!("SELECT 1 FROM pg_database WHERE datname = '{template}'"));
    if found.unwrap().contains('1') {
        return;
    }
    let draft = unique("draft");
    psql(address, "postgres", &format!("CREATE DATABASE {draft}")).unwrap();
    prepare(&format!("{address}/{draft}"));
    let named = psql(address, "postgres", &format!("ALTER DATABASE {draft} RENAME TO {template}"));
    if let Err(refused) = named {
        assert!(refused.contains("already exists"), "{refused}");
        psql(address, "postgres", &format!("DROP DATABASE {draft}")).unwrap();
    }
}

/// Runs one statement; what it printed, or what it was refused with.
fn psql(address: &str, database: &str, statement: &str) -> Result<String, String> {
    let mut command = Command::new(program("psql"));
    command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--dbname", &format!("{address}/{database}")]);
    let output = command.args(["--command", statement]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn unique(kind: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{kind}_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// As root, makes a file or a folder that of the server.
fn give_to_postgres(path: &Path) {
    if geteuid().is_root() {
        chown(path, Some(id("-u")), Some(id("-g"))).unwrap();
    }
}

/// The server refuses to run as root.
fn as_postgres(name: &str) -> Command {
    let program = program(name);
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command.current_dir("/");
    command
}

/// A program of PostgreSQL; Debian keeps those of the server outside the path.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<_> = versions.map(|version| version.path().join("bin").join(name)).collect();
    debian.retain(|file| file.is_file());
    debian.sort();
    in_path
        .or_else(|| debian.pop())
        .unwrap_or_else(|| panic!("{name} of PostgreSQL is needed; install it: apt-get install postgresql"))
}

fn id(kind: &str) -> u32 {
    run(Command::new("id").args([kind, "postgres"])).trim().parse().unwrap()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
