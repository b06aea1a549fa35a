//! Pooled connections, and the threads that use them.

use std::num::NonZeroU32;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use diesel::r2d2::R2D2Connection;
use r2d2::{ManageConnection, Pool, PooledConnection};

use crate::backend::AnyConnection;
use crate::connect::{self, Access, ConnectError};
use crate::failover::Failovers;
use crate::open_connections::{OpenConnection, OpenConnections};
use crate::queue::{Job, Jobs};
use crate::unit::Setback;
use crate::url::DatabaseUrl;

/// How long a thread waits for a connection; there are as many as threads.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(1);
/// How long a connection to a server may rest and still be used without a look at it.
const RESTED: Duration = Duration::from_secs(1);

/// Connections for one purpose.
#[derive(Clone)]
pub(crate) struct ConnectionPool(Pool<Connections>);

/// A connection of a pool, which goes back when this is dropped.
pub(crate) type Lease = PooledConnection<Connections>;

pub(crate) struct Connections {
    url: DatabaseUrl,
    access: Access,
    /// Who is told that another server is the primary.
    failovers: Option<Failovers>,
    open: OpenConnections,
}

/// A connection with what decides whether it is used again.
pub(crate) struct Leased {
    pub(crate) connection: AnyConnection,
    used_at: Instant,
    is_condemned: bool,
    /// Stands last: the connection is closed before it.
    _open: OpenConnection,
}

impl Leased {
    /// Runs a job; a connection that failed is not used again.
    pub(crate) fn run(&mut self, job: &mut dyn Job) -> Result<(), Setback> {
        let ran = job.run(&mut self.connection);
        if ran == Err(Setback::ConnectionLost) {
            self.condemn();
        }
        self.used_at = Instant::now();
        ran
    }

    /// Has the connection closed instead of used again.
    pub(crate) fn condemn(&mut self) {
        self.is_condemned = true;
    }
}

impl ManageConnection for Connections {
    type Connection = Leased;
    type Error = ConnectError;

    fn connect(&self) -> Result<Leased, ConnectError> {
        let open = self.open.one_more();
        let mut connection = connect::connect(&self.url, self.access)?;
        if let Some(failovers) = &self.failovers {
            connection.watch(failovers)?;
        }
        Ok(Leased { connection, used_at: Instant::now(), is_condemned: false, _open: open })
    }

    /// A server may have been demoted behind a proxy, where reading still works.
    fn is_valid(&self, leased: &mut Leased) -> Result<(), ConnectError> {
        if leased.used_at.elapsed() < RESTED {
            return Ok(());
        }
        if leased.connection.is_standby()? { Err(ConnectError::Standby) } else { Ok(()) }
    }

    fn has_broken(&self, leased: &mut Leased) -> bool {
        leased.is_condemned || leased.connection.is_broken()
    }
}

impl ConnectionPool {
    /// Opens the first connection. Each new one tells `failovers` whether another server is the primary.
    pub(crate) fn open(
        url: &DatabaseUrl,
        access: Access,
        size: NonZeroU32,
        failovers: Option<Failovers>,
        open: OpenConnections,
    ) -> Result<Self, r2d2::Error> {
        let builder = Pool::builder().max_size(size.get());
        let builder = if url.sqlite_path().is_some() {
            // A local file gives no reason to replace a connection that works.
            builder.connection_timeout(Duration::from_secs(10)).max_lifetime(None).idle_timeout(None)
        } else {
            builder
                .connection_timeout(Duration::from_secs(3))
                .min_idle(Some(1))
                .max_lifetime(Some(Duration::from_mins(5)))
                .idle_timeout(Some(Duration::from_mins(1)))
        };
        Ok(Self(builder.build(Connections { url: url.clone(), access, failovers, open })?))
    }

    /// A connection, or why there is none within a second.
    pub(crate) fn lease(&self) -> Result<Lease, r2d2::Error> {
        self.0.get_timeout(WAIT_FOR_CONNECTION)
    }
}

/// Starts threads that take jobs, each for `work`, which may take more of them; they end when the queue is closed and empty.
pub(crate) fn serve(
    name: &str,
    threads: NonZeroU32,
    jobs: &Jobs,
    work: impl Fn(Box<dyn Job>, &Jobs) + Clone + Send + 'static,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    let start_one = |number| {
        let (jobs, work) = (jobs.clone(), work.clone());
        thread::Builder::new().name(format!("database-{name}-{number}")).spawn(move || {
            while let Some(job) = jobs.next() {
                work(job, &jobs);
            }
        })
    };
    (0..threads.get()).map(start_one).collect()
}
