//! What the server takes when nobody calls, and how soon it is there.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use crate::extent::Extent;
use crate::report::row::{Rounds, Row, Wanted};
use crate::system::home::Home;
use crate::system::server::Server;

/// How long a server is left alone before its memory is looked at.
const REST: Duration = Duration::from_millis(500);

pub(crate) fn run(extent: &Extent, home: &Home) -> anyhow::Result<Vec<Row>> {
    let (mut starting, mut idle, mut crowded) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..extent.rounds.div_ceil(2).min(3) {
        let server = Server::start(home)?;
        starting.push(server.starting.as_secs_f64() * 1_000.0, 200.0);
        thread::sleep(REST);
        idle.push(server.resident_mib()?, 40.0);
        let connections = connect(&server, extent.idle_connections)?;
        thread::sleep(REST);
        crowded.push(server.resident_mib()?, 150.0);
        drop(connections);
    }
    let within = Wanted::AtMost(1.0);
    let connections = extent.idle_connections;
    Ok(vec![
        starting.row("start to ready on an existing database", "ms", "limit", within),
        idle.row("memory when idle", "MiB", "limit", within),
        crowded.row(format!("memory with {connections} idle connections"), "MiB", "limit", within),
    ])
}

/// Connections that say nothing.
fn connect(server: &Server, count: usize) -> anyhow::Result<Vec<TcpStream>> {
    (0..count).map(|_| TcpStream::connect(server.address()).context("a connection was refused")).collect()
}
