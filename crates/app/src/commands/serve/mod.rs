//! `serve`: the API.

mod greeting;
mod keys;
mod pages;
mod purge;
mod seal;
mod stop;
mod webhooks;

use std::io;
use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::commands::{Outcome, Session};
use crate::wiring::{self, Stores};

/// How many clients may wait to be accepted. The standard library has 128 wait, and when more come at once the system drops
/// them, to try again after a second. Linux takes no more than `net.core.somaxconn`, which is 4096 where nobody changed it.
const BACKLOG: u32 = 4096;

/// What may follow `serve`.
#[derive(Args, Default, Debug)]
pub(crate) struct Arguments {
    /// The address and port of the API; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where the token buckets are kept: memory: or redis://HOST:PORT
    #[arg(long, value_name = "URL")]
    limits: Option<String>,
}

impl Arguments {
    /// The settings that the flags override: the flag, the key and the value.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'static str, &'static str, String)> {
        let flags = [("--listen", "server.listen", &self.listen), ("--limits", "limits.url", &self.limits)];
        flags.into_iter().filter_map(|(flag, key, value)| Some((flag, key, value.clone()?)))
    }
}

/// Serves until a signal stops it. The database is closed then.
pub(crate) async fn run(session: &Session) -> anyhow::Result<Outcome> {
    pages::decline_huge_ones();
    let mut signals = stop::Signals::listen().context("cannot wait for signals")?;
    // Bound before anything is made or said, so that a port that is taken costs nothing.
    let listener = bind(session.config.server.listen)?;
    let stores = session.stores().await?;
    let _lock = wiring::lock_server(&session.config)?;
    let closed = stores.closed();
    let ended = serve(session, stores, listener, &mut signals).await;
    stop::wait_until_closed(closed).await;
    ended?;
    tracing::info!("stopped");
    Ok(Outcome::Done)
}

async fn serve(
    session: &Session,
    stores: Stores,
    listener: TcpListener,
    signals: &mut stop::Signals,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let hang_ups = keys::hang_ups().context("cannot wait for signals")?;
    let (service, served_keys) = wiring::start_service(session, &stores, listener).await?;
    // They end with this call.
    let mut beside = JoinSet::new();
    beside.spawn(keys::for_ever(served_keys, hang_ups));
    beside.spawn(purge::for_ever(stores.expiring(), session.clock.clone()));
    beside.spawn(seal::for_ever(stores.chain.clone(), session.clock.clone()));
    let delivering = webhooks::Delivering::start(service.webhooks.clone());
    greeting::print(session, &stores, address).await?;
    tracing::info!(%address, "serving");
    let ended = stop::run_until_stopped(service, signals).await;
    delivering.stop().await;
    ended.context("the server failed")
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    listen(address).with_context(|| {
        format!("cannot listen on {address}; end the program that uses it, or choose another with --listen ADDRESS")
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As the standard library does: a server that starts again waits for no connection of the one before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_crowd_that_comes_at_once_waits_to_be_accepted() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        // Nobody accepts; a client whom the system dropped would try again after a second.
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(900)).unwrap();
        let waiting: Vec<_> = (0..400).map(|_| connect()).collect();
        assert_eq!(waiting.len(), 400);
    }
}
