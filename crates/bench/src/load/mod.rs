//! The load generator: connections that stay open, each of which sends its next request when the reply to the last
//! one is there (a closed loop).
//!
//! One thread drives all connections, so that the generator takes as little as possible of the machine that it shares
//! with the server. Requests are made before the clock starts.

mod connection;
mod histogram;
mod reply;
pub(crate) mod request;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::task::LocalSet;

pub(crate) use self::connection::Connection;
pub use self::histogram::Histogram;

/// What connections send.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// The same requests again and again.
    Again(Vec<Vec<u8>>),
    /// Each request once; the crowd is done when none is left.
    Once(Vec<Vec<u8>>),
}

/// Callers who do the same thing.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    pub(crate) connections: usize,
    pub(crate) script: Script,
    /// The statuses that they may get; any other one spoils the measurement.
    pub(crate) expects: &'static [u16],
}

impl Crowd {
    /// The same with so many callers.
    pub(crate) fn of(self, connections: usize) -> Self {
        Self { connections, ..self }
    }
}

/// What a crowd saw.
#[derive(Clone, Default, Debug)]
pub(crate) struct Measured {
    pub(crate) latencies: Histogram,
    statuses: BTreeMap<u16, u64>,
    /// From the beginning to the last reply.
    elapsed: Duration,
    /// When the first caller had nothing more to send, and how many replies there were by then.
    all_busy: Option<(Duration, u64)>,
}

impl Measured {
    /// Replies per second while all callers were busy: what the last ones wait for when the others are done says nothing of
    /// how much the server can do.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        let whole = (self.elapsed, self.latencies.len());
        // Where there is less to send than there are callers, some are never busy.
        let (elapsed, replies) = self.all_busy.filter(|(_, replies)| *replies > 0).unwrap_or(whole);
        replies as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// How many there were.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn replies(&self) -> f64 {
        self.latencies.len() as f64
    }

    /// A latency in milliseconds.
    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        self.latencies.quantile(quantile).as_secs_f64() * 1_000.0
    }

    fn checked(self, expects: &[u16]) -> anyhow::Result<Self> {
        if let Some((status, count)) = self.statuses.iter().find(|(status, _)| !expects.contains(status)) {
            bail!("{count} replies had the status {status} rather than one of {expects:?}");
        }
        if self.latencies.is_empty() {
            bail!("there was nothing to send");
        }
        Ok(self)
    }
}

/// Lets one crowd at the server for a while.
pub(crate) fn run(address: SocketAddr, crowd: Crowd, duration: Duration) -> anyhow::Result<Measured> {
    let mut measured = run_all(address, vec![crowd], duration)?;
    measured.pop().context("a crowd without a result")
}

/// Lets several crowds at the server at the same time; what each saw, in their order.
pub(crate) fn run_all(
    address: SocketAddr,
    crowds: Vec<Crowd>,
    duration: Duration,
) -> anyhow::Result<Vec<Measured>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let expects: Vec<_> = crowds.iter().map(|crowd| crowd.expects).collect();
    let measured = runtime.block_on(LocalSet::new().run_until(measure(address, crowds, duration)))?;
    measured.into_iter().zip(expects).map(|(measured, expects)| measured.checked(expects)).collect()
}

/// What the connections of a crowd share.
struct Shared {
    script: Script,
    next: Cell<usize>,
    seen: RefCell<Measured>,
}

async fn measure(
    address: SocketAddr,
    crowds: Vec<Crowd>,
    duration: Duration,
) -> anyhow::Result<Vec<Measured>> {
    let mut ready = Vec::new();
    for crowd in crowds {
        let shared =
            Rc::new(Shared { script: crowd.script, next: Cell::default(), seen: RefCell::default() });
        let mut connections = Vec::new();
        for _ in 0..crowd.connections {
            connections.push(Connection::open(address).await.context("the server takes no connection")?);
        }
        ready.push((shared, connections));
    }
    let began = Instant::now();
    let mut callers = Vec::new();
    for (shared, connections) in &mut ready {
        for connection in connections.drain(..) {
            callers.push(tokio::task::spawn_local(call(connection, shared.clone(), began, duration)));
        }
    }
    // All stay open to the end: to close them is not what is measured.
    let mut open = Vec::new();
    for caller in callers {
        open.push(caller.await?.context("a connection failed")?);
    }
    Ok(ready.into_iter().map(|(shared, _)| shared.seen.borrow().clone()).collect())
}

async fn call(
    mut connection: Connection,
    shared: Rc<Shared>,
    began: Instant,
    duration: Duration,
) -> std::io::Result<Connection> {
    while began.elapsed() < duration {
        let Some(request) = shared.next() else { break };
        let sent = Instant::now();
        let status = connection.exchange(request).await?;
        shared.saw(status, sent.elapsed(), began.elapsed());
    }
    shared.is_done(began.elapsed());
    Ok(connection)
}

impl Shared {
    fn next(&self) -> Option<&[u8]> {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        match &self.script {
            Script::Again(requests) => requests.get(number.checked_rem(requests.len())?),
            Script::Once(requests) => requests.get(number),
        }
        .map(Vec::as_slice)
    }

    fn saw(&self, status: u16, latency: Duration, elapsed: Duration) {
        let mut seen = self.seen.borrow_mut();
        let count = seen.statuses.entry(status).or_default();
        *count = count.saturating_add(1);
        seen.latencies.record(latency);
        seen.elapsed = seen.elapsed.max(elapsed);
    }

    /// A caller has nothing more to send.
    fn is_done(&self, elapsed: Duration) {
        let mut seen = self.seen.borrow_mut();
        let replies = seen.latencies.len();
        seen.all_busy.get_or_insert((elapsed, replies));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers every request of one connection alike.
    fn server(reply: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1_024];
            while stream.read(&mut request).is_ok_and(|count| count > 0) {
                stream.write_all(reply).unwrap();
            }
        });
        address
    }

    fn one(script: Script) -> Crowd {
        Crowd { connections: 1, script, expects: &[200] }
    }

    const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

    #[test]
    fn each_request_is_sent_once() {
        let script = Script::Once(vec![request::get("/", None); 3]);
        let measured = run(server(OK), one(script), Duration::from_mins(1)).unwrap();
        assert_eq!(measured.latencies.len(), 3);
        assert!(measured.rate() > 0.0);
    }

    #[test]
    fn the_rate_is_that_of_the_time_in_which_all_callers_are_busy() {
        let (latency, second) = (Duration::from_millis(1), Duration::from_secs(1));
        let shared =
            Shared { script: Script::Once(Vec::new()), next: Cell::default(), seen: RefCell::default() };
        (0..10).for_each(|_| shared.saw(200, latency, second));
        shared.is_done(second * 2);
        (0..10).for_each(|_| shared.saw(200, latency, second * 9));
        shared.is_done(second * 9);
        let seen = shared.seen.into_inner();
        assert_eq!((seen.rate(), seen.latencies.len()), (5.0, 20));
        // Twenty replies in nine seconds.
        let never_all = Measured { all_busy: Some((Duration::ZERO, 0)), ..seen };
        assert!((2.2..2.3).contains(&never_all.rate()));
    }

    #[test]
    fn a_status_that_is_not_expected_spoils_the_measurement() {
        let refusing = server(b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n");
        let script = Script::Once(vec![request::get("/", None)]);
        let error = run(refusing, one(script), Duration::from_mins(1)).unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
    }

    #[test]
    fn nothing_to_send_is_no_measurement() {
        assert!(run(server(OK), one(Script::Once(Vec::new())), Duration::from_mins(1)).is_err());
    }
}
