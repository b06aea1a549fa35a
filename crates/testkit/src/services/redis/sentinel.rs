use super::{RedisServer, wait_until};

/// The name that the Sentinel knows its master by.
const MASTER: &str = "main";

/// A master, its replica, and a Sentinel that puts the replica in the place of a lost master.
#[derive(Debug)]
pub struct RedisSentinel {
    master: RedisServer,
    _replica: RedisServer,
    sentinel: RedisServer,
    login: &'static str,
}

impl RedisSentinel {
    /// Starts them, without passwords.
    pub fn start() -> Self {
        Self::start_with("", &[], "")
    }

    /// The same, where the master, its replica and the Sentinel ask for the password `secret`.
    pub fn start_with_password() -> Self {
        let nodes = ["--requirepass", "secret", "--masterauth", "secret"];
        Self::start_with(":secret@", &nodes, "requirepass secret\nsentinel auth-pass main secret\n")
    }

    fn start_with(login: &'static str, nodes: &[&str], settings: &str) -> Self {
        let master = RedisServer::start_with(nodes);
        let port = master.port().to_string();
        let of_master = ["--replicaof", &format!("127.0.0.1 {port}"), "--repl-diskless-sync-delay", "0"];
        let replica = RedisServer::start_with(&[&of_master, nodes].concat());
        let sentinel = RedisServer::start_on_any_port(|own, directory| {
            let file = directory.path().join("sentinel.conf");
            let watched = format!(
                "port {own}\nbind 127.0.0.1\nsentinel monitor {MASTER} 127.0.0.1 {port} 1\n{settings}\
                 sentinel down-after-milliseconds {MASTER} 500\nsentinel failover-timeout {MASTER} 3000\n"
            );
            std::fs::write(&file, watched).unwrap();
            vec![file.display().to_string(), "--sentinel".to_owned()]
        });
        Self { master, _replica: replica, sentinel, login }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis+sentinel://{}127.0.0.1:{}/{MASTER}", self.login, self.sentinel.port())
    }

    /// Ends the master at once, after the Sentinel has seen its replica; the replica takes its place within seconds.
    pub fn kill_the_master(&mut self) {
        let replicas = ["SENTINEL", "REPLICAS", MASTER];
        wait_until("the Sentinel", || self.ask(&replicas).contains("master-link-status\nok"));
        self.master.kill();
    }

    fn ask(&self, command: &[&str]) -> String {
        let login: &[&str] = if self.login.is_empty() { &[] } else { &["--no-auth-warning", "-a", "secret"] };
        self.sentinel.cli(&[login, command].concat())
    }
}
