//! Redis: one node, a cluster, or a master that a Sentinel watches; in the clear or over TLS.

mod cluster;
mod sentinel;
mod transport;

use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::authority::Authority;
use super::{free_port, wait_until};
use transport::Transport;

pub use cluster::RedisCluster;
pub use sentinel::RedisSentinel;

/// How often another port is tried when somebody else was faster.
const TRIES: usize = 10;

/// One node in a process of its own, with a port and a directory of its own. Dropping it ends the process.
#[derive(Debug)]
pub struct RedisServer {
    child: Child,
    port: u16,
    transport: Transport,
    directory: TempDir,
    arguments: Vec<String>,
}

impl RedisServer {
    /// A node that keeps nothing on disk.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with further arguments.
    pub fn start_with(arguments: &[&str]) -> Self {
        Self::start_over(&Transport::Clear, arguments)
    }

    /// A node that is spoken to over TLS alone, with a certificate for `name`.
    pub fn start_with_tls(authority: &Authority, name: &str) -> Self {
        Self::start_over(&Transport::tls(authority, name), &[])
    }

    fn start_over(transport: &Transport, arguments: &[&str]) -> Self {
        let quiet = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        Self::start_on_any_port(transport, |port, _| {
            let listening = transport.settings(port).into_iter();
            let listening = listening.flat_map(|(name, value)| [format!("--{name}"), value]);
            listening.chain([&quiet, arguments].concat().into_iter().map(str::to_owned)).collect()
        })
    }

    /// A node whose arguments depend on its port and its directory.
    fn start_on_any_port(transport: &Transport, arguments: impl Fn(u16, &TempDir) -> Vec<String>) -> Self {
        for _ in 0..TRIES {
            let (port, directory) = (free_port(), tempfile::tempdir().unwrap());
            let arguments = arguments(port, &directory);
            let child = spawn(&directory, &arguments);
            let transport = transport.clone();
            let mut server = Self { child, port, transport, directory, arguments };
            if server.is_ready() {
                return server;
            }
        }
        panic!("redis-server does not start on any of {TRIES} ports");
    }

    /// Waits until it answers, be it that a password is missing; `false` when it has ended instead.
    fn is_ready(&mut self) -> bool {
        let mut ended = false;
        wait_until("redis-server", || {
            ended = self.child.try_wait().unwrap().is_some();
            ended || !self.cli(&["PING"]).is_empty()
        });
        !ended
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.transport.scheme(), self.port)
    }

    /// What `redis-cli` prints for a command.
    pub fn cli(&self, command: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.arg("-p").arg(self.port.to_string()).args(self.transport.of_client()).args(command);
        let output = cli.output().unwrap_or_else(|error| missing("redis-cli", &error));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after [`Self::kill`], empty.
    pub fn restart(&mut self) {
        self.child = spawn(&self.directory, &self.arguments);
        assert!(self.is_ready(), "somebody else took the port");
    }

    /// Lets it hang: its sockets stay open, and it does nothing.
    pub fn pause(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).unwrap();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).unwrap();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(directory: &TempDir, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(arguments).current_dir(directory.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| missing("redis-server", &error))
}

fn missing(program: &str, error: &std::io::Error) -> ! {
    panic!("{program} is needed ({error}); install it: apt-get install redis-server")
}
