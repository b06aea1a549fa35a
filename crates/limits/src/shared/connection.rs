//! Connections to the store, whatever it is made of.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, ResponsePolicy, RoutingInfo};
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, FromRedisValue,
    IntoConnectionInfo as _, RedisConnectionInfo, RedisResult, TlsCertificates, TlsMode, Value,
};

use crate::store_url::{Layout, StoreUrl};

/// How long one node may take to connect, and a node of a cluster to answer. Callers wait less.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection that all callers share; it queues nothing while it is lost.
#[derive(Clone)]
pub(crate) enum Connection {
    /// To a single node, or to the master that the Sentinels name.
    Node(MultiplexedConnection),
    /// To all masters of a cluster.
    Cluster(ClusterConnection),
}

impl Connection {
    /// Sends a command and waits for its answer.
    pub(crate) async fn send<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self.clone() {
            Self::Node(mut connection) => command.query_async(&mut connection).await,
            Self::Cluster(mut connection) => command.query_async(&mut connection).await,
        }
    }

    /// Whether every node is there that buckets are kept on. One node shows it by answering anything.
    pub(crate) async fn reaches_all(&self) -> RedisResult<()> {
        let Self::Cluster(mut connection) = self.clone() else { return Ok(()) };
        let masters = MultipleNodeRoutingInfo::AllMasters;
        let everybody = RoutingInfo::MultiNode((masters, Some(ResponsePolicy::AllSucceeded)));
        let _: Value = connection.route_command(redis::cmd("PING"), everybody).await?;
        Ok(())
    }
}

/// Makes connections.
pub(crate) struct Connector {
    url: StoreUrl,
    authority: Option<Vec<u8>>,
}

impl Connector {
    /// To the store at `url`. With TLS its certificate must come from `authority` (PEM), or from one that this system trusts.
    pub(crate) fn new(url: StoreUrl, authority: Option<Vec<u8>>) -> Self {
        if url.encrypted {
            // Another part of the process may have chosen already; this is the only provider that is built in.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        Self { url, authority }
    }

    /// Makes a connection. Its tasks live on the runtime of the caller.
    pub(crate) async fn connect(&self) -> RedisResult<Connection> {
        match &self.url.layout {
            Layout::Single { database } => self.to_node(*database).await.map(Connection::Node),
            Layout::Cluster => self.to_cluster().await.map(Connection::Cluster),
            Layout::Sentinel { master } => self.to_master(master).await.map(Connection::Node),
        }
    }

    async fn to_node(&self, database: u32) -> RedisResult<MultiplexedConnection> {
        let settings = self.settings().set_db(database.into());
        let mut nodes = self.addresses().map(|address| described(address, settings.clone()));
        let node = nodes.next().ok_or_else(no_node)??;
        let client = if self.url.encrypted {
            Client::build_with_tls(node, self.certificates())?
        } else {
            Client::open(node)?
        };
        client.get_multiplexed_async_connection_with_config(&timeouts()).await
    }

    async fn to_cluster(&self) -> RedisResult<ClusterConnection> {
        let nodes = self.addresses().map(|address| described(address, self.settings()));
        let mut builder = ClusterClient::builder(nodes.collect::<RedisResult<Vec<_>>>()?)
            .connection_timeout(PATIENCE)
            .response_timeout(PATIENCE);
        if self.url.encrypted {
            builder = builder.certs(self.certificates());
        }
        builder.build()?.get_async_connection().await
    }

    /// Sentinels often have no password where their master has one: both are tried.
    async fn to_master(&self, master: &str) -> RedisResult<MultiplexedConnection> {
        match self.ask_sentinels(master, false).await {
            Err(_) if self.url.password.is_some() => self.ask_sentinels(master, true).await,
            answer => answer,
        }
    }

    async fn ask_sentinels(&self, master: &str, log_in: bool) -> RedisResult<MultiplexedConnection> {
        let mut builder = SentinelClientBuilder::new(self.addresses(), master, SentinelServerType::Master)?;
        if self.url.encrypted {
            builder = builder
                .set_client_to_sentinel_certificates(self.certificates())
                .set_client_to_redis_certificates(self.certificates())
                .set_client_to_redis_tls_mode(TlsMode::Secure);
        }
        if let Some(username) = &self.url.username {
            builder = builder.set_client_to_redis_username(username);
            if log_in {
                builder = builder.set_client_to_sentinel_username(username);
            }
        }
        if let Some(password) = &self.url.password {
            builder = builder.set_client_to_redis_password(password.as_str());
            if log_in {
                builder = builder.set_client_to_sentinel_password(password.as_str());
            }
        }
        builder.build()?.get_async_connection_with_config(&timeouts()).await
    }

    fn addresses(&self) -> impl Iterator<Item = ConnectionAddr> {
        self.url.nodes.iter().map(|(host, port)| {
            let (host, port) = (host.clone(), *port);
            if self.url.encrypted {
                ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
            } else {
                ConnectionAddr::Tcp(host, port)
            }
        })
    }

    fn settings(&self) -> RedisConnectionInfo {
        let mut settings = RedisConnectionInfo::default();
        if let Some(username) = &self.url.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &self.url.password {
            settings = settings.set_password(password.as_str());
        }
        settings
    }

    fn certificates(&self) -> TlsCertificates {
        TlsCertificates { client_tls: None, root_cert: self.authority.clone() }
    }
}

fn described(address: ConnectionAddr, settings: RedisConnectionInfo) -> RedisResult<ConnectionInfo> {
    Ok(address.into_connection_info()?.set_redis_settings(settings))
}

fn no_node() -> redis::RedisError {
    (redis::ErrorKind::InvalidClientConfig, "no node is named").into()
}

/// Callers have a deadline of their own for answers.
fn timeouts() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(None)
}
