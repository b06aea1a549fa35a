//! A server that runs in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::home::Home;
use super::process;
use crate::load::{Connection, request};

/// How long a server may take to stop before it is ended by force.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server; it is stopped when this is dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    /// From its start until it was ready.
    pub(crate) starting: Duration,
}

impl Server {
    /// Starts the server of `home` and waits until it is ready.
    pub(crate) fn start(home: &Home) -> anyhow::Result<Self> {
        Self::start_under(home, &[])
    }

    /// The same, with the server run by another program with its arguments.
    pub(crate) fn start_under(home: &Home, runner: &[&str]) -> anyhow::Result<Self> {
        let mut command = home.command_under(runner, ["serve"]);
        // The log is written as in earnest, but kept nowhere: it would grow by gigabytes.
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let began = Instant::now();
        let child = command.spawn().context("the server does not start")?;
        let mut server =
            Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), starting: Duration::ZERO };
        server.address = server.greeting()?;
        if server.exchange(&request::get("/readyz", None))?.0 != 200 {
            bail!("the server is not ready");
        }
        server.starting = began.elapsed();
        Ok(server)
    }

    fn greeting(&mut self) -> anyhow::Result<SocketAddr> {
        let mut line = String::new();
        let stdout = self.child.stdout.take().context("the server's output is taken")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let greeting: Value = serde_json::from_str(&line).context("the server ended while it started")?;
        let address = greeting.get("address").and_then(Value::as_str).unwrap_or_default();
        address.trim_start_matches("http://").parse().context("the server tells no address")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends one request; the status and the body of the reply.
    pub(crate) fn exchange(&self, request: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { Ok(Connection::open(self.address).await?.answer(request).await?) })
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn resident_mib(&self) -> anyhow::Result<f64> {
        process::resident_mib(self.child.id())
    }

    pub(crate) fn processor_time(&self) -> anyhow::Result<Duration> {
        process::processor_time(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let began = Instant::now();
        while began.elapsed() < PATIENCE && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
