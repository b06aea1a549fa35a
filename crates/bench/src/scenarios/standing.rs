//! What the server takes when nobody calls, and how soon it is there.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::extent::Extent;
use crate::load::request;
use crate::report::row::{Rounds, Row, Wanted};
use crate::system::home::Home;
use crate::system::server::Server;

/// How long a server is left alone before its memory is looked at.
const REST: Duration = Duration::from_millis(500);

pub(crate) fn run(extent: &Extent, home: &Home) -> anyhow::Result<Vec<Row>> {
    let (mut starting, mut idle, mut crowded) = (Rounds::default(), Rounds::default(), Rounds::default());
    // A server that finds a trail to seal does so at once, and is not idle.
    home.settle()?;
    for _ in 0..extent.rounds.div_ceil(2).min(3) {
        let server = Server::start(home)?;
        starting.push(server.starting.as_secs_f64() * 1_000.0, 200.0);
        thread::sleep(REST);
        idle.push(server.resident_mib()?, 40.0);
        let connections = connect(&server, extent.idle_connections)?;
        thread::sleep(REST);
        crowded.push(server.resident_mib()?, 150.0);
        ensure!(are_open(&connections)?, "the server closed idle connections before it was looked at");
    }
    let within = Wanted::AtMost(1.0);
    let connections = extent.idle_connections;
    Ok(vec![
        starting.row("start to ready on an existing database", "ms", "limit", within),
        idle.row("memory when idle", "MiB", "limit", within),
        crowded.row(format!("memory with {connections} idle connections"), "MiB", "limit", within),
    ])
}

/// Connections that had an answer and say nothing more. On one that never says anything the server waits only 5 s.
fn connect(server: &Server, count: usize) -> anyhow::Result<Vec<TcpStream>> {
    let request = request::get("/healthz", None);
    let one = |_| {
        let mut stream = TcpStream::connect(server.address()).context("a connection was refused")?;
        stream.write_all(&request)?;
        ensure!(stream.read(&mut [0; 1_024])? > 0, "a connection was closed without an answer");
        Ok(stream)
    };
    (0..count).map(one).collect()
}

/// Whether the other side has closed none of them.
fn are_open(connections: &[TcpStream]) -> anyhow::Result<bool> {
    for stream in connections {
        stream.set_nonblocking(true)?;
        let nothing_came = stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        if !nothing_came {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn connections_are_open_until_the_other_side_closes_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connections = [(); 2].map(|()| TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let accepted = [(); 2].map(|()| listener.accept().unwrap());
        assert!(are_open(&connections).unwrap());
        drop(accepted);
        // Closing takes a moment.
        while are_open(&connections).unwrap() {
            thread::yield_now();
        }
    }
}
