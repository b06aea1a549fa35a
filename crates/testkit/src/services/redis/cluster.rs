use super::transport::Transport;
use super::{RedisServer, free_port, wait_until};
use crate::services::authority::Authority;

/// The slots of each master.
const SLOTS: [(&str, &str); 3] = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];

/// A cluster of three masters with a replica each.
#[derive(Debug)]
pub struct RedisCluster {
    transport: Transport,
    /// The masters first, then their replicas in the same order.
    nodes: Vec<(RedisServer, String)>,
}

impl RedisCluster {
    /// Starts one, and waits until it takes calls.
    pub fn start() -> Self {
        Self::start_over(Transport::Clear)
    }

    /// The same over TLS, also among its nodes.
    pub fn start_with_tls(authority: &Authority) -> Self {
        Self::start_over(Transport::tls(authority, "127.0.0.1"))
    }

    fn start_over(transport: Transport) -> Self {
        let nodes = (0..2 * SLOTS.len()).map(|_| node(&transport)).collect();
        let cluster = Self { transport, nodes };
        cluster.assign();
        cluster.meet();
        cluster.replicate();
        cluster
    }

    /// Its URL; it names the masters.
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.masters().iter().map(|(node, _)| format!("127.0.0.1:{}", node.port())).collect();
        format!("{}+cluster://{}", self.transport.scheme(), hosts.join(","))
    }

    /// Ends the first master at once; its replica takes its place within seconds.
    pub fn kill_a_master(&mut self) {
        self.nodes[0].0.kill();
    }

    /// Whether all slots are served again, as the second master sees it.
    pub fn is_whole(&self) -> bool {
        self.nodes[1].0.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
    }

    fn masters(&self) -> &[(RedisServer, String)] {
        &self.nodes[..SLOTS.len()]
    }

    fn assign(&self) {
        for (number, ((node, _), (first, last))) in self.masters().iter().zip(SLOTS).enumerate() {
            assert_eq!(node.cli(&["CLUSTER", "ADDSLOTSRANGE", first, last]), "OK");
            let epoch = (number + 1).to_string();
            assert_eq!(node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]), "OK");
        }
    }

    fn meet(&self) {
        let first = &self.nodes[0].0;
        for (node, bus) in &self.nodes[1..] {
            let port = node.port().to_string();
            assert_eq!(first.cli(&["CLUSTER", "MEET", "127.0.0.1", &port, bus]), "OK");
        }
        for (node, _) in &self.nodes {
            wait_until("the cluster", || {
                let info = node.cli(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:6")
            });
        }
    }

    fn replicate(&self) {
        for ((master, _), (replica, _)) in self.nodes.iter().zip(&self.nodes[SLOTS.len()..]) {
            let id = master.cli(&["CLUSTER", "MYID"]);
            wait_until("a replica", || replica.cli(&["CLUSTER", "REPLICATE", &id]) == "OK");
        }
        for (replica, _) in &self.nodes[SLOTS.len()..] {
            wait_until("a replica", || replica.cli(&["INFO", "replication"]).contains("link_status:up"));
        }
        for (node, _) in &self.nodes {
            wait_until("the replicas", || node.cli(&["CLUSTER", "NODES"]).matches("slave").count() == 3);
        }
    }
}

/// A node that belongs to no cluster yet, and the port on which nodes talk to each other.
fn node(transport: &Transport) -> (RedisServer, String) {
    let bus = free_port().to_string();
    let arguments = [
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus,
        "--cluster-node-timeout",
        "1000",
        "--repl-diskless-sync-delay",
        "0",
    ];
    (RedisServer::start_over(transport, &arguments), bus)
}
