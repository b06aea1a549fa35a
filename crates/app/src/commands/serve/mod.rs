//! `serve`: the API.

mod greeting;
mod keys;
mod purge;
mod seal;
mod stop;
mod webhooks;

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use clap::Args;
use tokio::task::JoinSet;

use crate::commands::{Outcome, Session};
use crate::wiring::{self, Stores};

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
    TcpListener::bind(address).with_context(|| {
        format!("cannot listen on {address}; end the program that uses it, or choose another with --listen ADDRESS")
    })
}
