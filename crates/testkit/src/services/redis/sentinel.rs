use super::transport::Transport;
use super::{RedisServer, wait_until};
use crate::services::authority::Authority;

/// The name that the Sentinel knows its master by.
const MASTER: &str = "main";

/// A master, its replica, and a Sentinel that puts the replica in the place of a lost master.
#[derive(Debug)]
pub struct RedisSentinel {
    master: RedisServer,
    _replica: RedisServer,
    sentinel: RedisServer,
    transport: Transport,
    login: &'static str,
}

impl RedisSentinel {
    /// Starts them, without passwords.
    pub fn start() -> Self {
        Self::start_over(Transport::Clear, "", &[], "")
    }

    /// The same over TLS, also among each other.
    pub fn start_with_tls(authority: &Authority) -> Self {
        Self::start_over(Transport::tls(authority, "127.0.0.1"), "", &[], "")
    }

    /// The same, where the master, its replica and the Sentinel ask for the password `secret`.
    pub fn start_with_password() -> Self {
        let nodes = ["--requirepass", "secret", "--masterauth", "secret"];
        let settings = "requirepass secret\nsentinel auth-pass main secret\n";
        Self::start_over(Transport::Clear, ":secret@", &nodes, settings)
    }

    fn start_over(transport: Transport, login: &'static str, nodes: &[&str], settings: &str) -> Self {
        let master = RedisServer::start_over(&transport, nodes);
        let port = master.port().to_string();
        let of_master = ["--replicaof", &format!("127.0.0.1 {port}"), "--repl-diskless-sync-delay", "0"];
        let replica = RedisServer::start_over(&transport, &[&of_master, nodes].concat());
        let sentinel = RedisServer::start_on_any_port(&transport, |own, directory| {
            let file = directory.path().join("sentinel.conf");
            let listening = transport.settings(own).into_iter();
            let listening: Vec<_> = listening.map(|(name, value)| format!("{name} {value}")).collect();
            let listening = listening.join("\n");
            let watched = format!(
                "{listening}\nbind 127.0.0.1\nsentinel monitor {MASTER} 127.0.0.1 {port} 1\n{settings}\
                 sentinel down-after-milliseconds {MASTER} 500\nsentinel failover-timeout {MASTER} 3000\n"
            );
            std::fs::write(&file, watched).unwrap();
            vec![file.display().to_string(), "--sentinel".to_owned()]
        });
        Self { master, _replica: replica, sentinel, transport, login }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let (scheme, port) = (self.transport.scheme(), self.sentinel.port());
        format!("{scheme}+sentinel://{}127.0.0.1:{port}/{MASTER}", self.login)
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
