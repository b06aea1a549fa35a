//! Where a store is found that processes share.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use crate::url::NotALimitsUrl;

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Where Redis or Valkey is found, and how to log in. Neither `Display` nor `Debug` shows the user or the password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    pub(crate) layout: Layout,
    pub(crate) encrypted: bool,
    /// Hosts and ports of the store, of some nodes of the cluster, or of the Sentinels; at least one.
    pub(crate) nodes: Vec<(String, u16)>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Zeroizing<String>>,
}

/// What the store is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Layout {
    /// One node, with numbered databases.
    Single { database: u32 },
    /// A cluster.
    Cluster,
    /// One node out of several, which Sentinels know by this name.
    Sentinel { master: String },
}

impl StoreUrl {
    /// Reads what follows the colon behind `scheme`.
    pub(crate) fn parse(scheme: &str, rest: &str) -> Result<Self, NotALimitsUrl> {
        let (store, layout) = scheme.split_once('+').unwrap_or((scheme, ""));
        let encrypted = match store {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(NotALimitsUrl::UnknownScheme),
        };
        if rest.contains(['?', '#']) {
            return Err(NotALimitsUrl::Extra);
        }
        let rest = rest.strip_prefix("//").ok_or(NotALimitsUrl::Host)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (layout, port) = match layout {
            "" => (single(path)?, PORT),
            "cluster" if path.is_empty() => (Layout::Cluster, PORT),
            "cluster" => return Err(NotALimitsUrl::ClusterPath),
            "sentinel" => (sentinel(path)?, SENTINEL_PORT),
            _ => return Err(NotALimitsUrl::UnknownScheme),
        };
        let nodes = hosts.split(',').map(|host| node(host, port)).collect::<Result<Vec<_>, _>>()?;
        if nodes.len() > 1 && matches!(layout, Layout::Single { .. }) {
            return Err(NotALimitsUrl::SeveralHosts);
        }
        let (username, password) = login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p)));
        Ok(Self {
            layout,
            encrypted,
            nodes,
            username: decoded(username)?,
            password: password.map(decoded).transpose()?.flatten().map(Zeroizing::new),
        })
    }

    /// Whether others could read what is sent: there is no TLS, and a node is on another machine.
    pub fn travels_in_clear(&self) -> bool {
        let is_near = |host: &str| {
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        };
        !self.encrypted && !self.nodes.iter().all(|(host, _)| is_near(host))
    }

    /// With a password that is kept elsewhere.
    pub fn with_password(self, password: Zeroizing<String>) -> Result<Self, NotALimitsUrl> {
        match self.password {
            Some(_) => Err(NotALimitsUrl::TwoPasswords),
            None => Ok(Self { password: Some(password), ..self }),
        }
    }
}

fn single(path: &str) -> Result<Layout, NotALimitsUrl> {
    let database = if path.is_empty() { Ok(0) } else { path.parse() };
    Ok(Layout::Single { database: database.map_err(|_| NotALimitsUrl::Database)? })
}

fn sentinel(path: &str) -> Result<Layout, NotALimitsUrl> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if path.is_empty() || !path.chars().all(plain) {
        return Err(NotALimitsUrl::Master);
    }
    Ok(Layout::Sentinel { master: path.to_owned() })
}

fn node(text: &str, default_port: u16) -> Result<(String, u16), NotALimitsUrl> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(NotALimitsUrl::Host)?;
        (address.parse::<Ipv6Addr>().map_err(|_| NotALimitsUrl::Host)?.to_string(), port)
    } else {
        let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        (host.chars().all(plain).then(|| host.to_owned()).ok_or(NotALimitsUrl::Host)?, port)
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0),
        None => port.is_empty().then_some(default_port),
    };
    port.filter(|_| !host.is_empty()).map(|port| (host, port)).ok_or(NotALimitsUrl::Host)
}

fn decoded(text: &str) -> Result<Option<String>, NotALimitsUrl> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| NotALimitsUrl::Login)?;
    Ok(Some(decoded.into_owned()).filter(|text| !text.is_empty()))
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layout, path) = match &self.layout {
            Layout::Single { database: 0 } => ("", String::new()),
            Layout::Single { database } => ("", format!("/{database}")),
            Layout::Cluster => ("+cluster", String::new()),
            Layout::Sentinel { master } => ("+sentinel", format!("/{master}")),
        };
        let host = |(host, port): &(String, u16)| {
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
        };
        let hosts: Vec<_> = self.nodes.iter().map(host).collect();
        let store = if self.encrypted { "rediss" } else { "redis" };
        write!(f, "{store}{layout}://{}{path}", hosts.join(","))
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}
