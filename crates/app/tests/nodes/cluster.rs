//! The nodes and what they share.

use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_testkit::services::redis::RedisCluster;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Engine, Home, Server};

/// Three nodes; a call goes to the next one each time.
pub(crate) struct Cluster {
    pub(crate) home: Home,
    pub(crate) redis: RedisCluster,
    pub(crate) nodes: Vec<Server>,
    calls: AtomicUsize,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let mut cluster = Self {
            home: Home::on(Engine::Postgres),
            redis: RedisCluster::start(),
            nodes: Vec::new(),
            calls: AtomicUsize::new(0),
        };
        cluster.nodes = (0..3).map(|_| cluster.start_node()).collect();
        cluster
    }

    /// One more node.
    pub(crate) fn start_node(&self) -> Server {
        let redis = self.redis.url();
        let variables = [("COUNTERSIGN_LIMITS__URL", redis.as_str()), ("COUNTERSIGN_LIMITS__NODES", "3")];
        self.home.serve_with(&variables, "serve")
    }

    /// The node whose turn it is.
    pub(crate) fn next(&self) -> &Server {
        &self.nodes[self.calls.fetch_add(1, Ordering::Relaxed) % self.nodes.len()]
    }

    /// An organization whose bucket is no obstacle.
    pub(crate) fn organization(&self) -> String {
        self.home.organization("enterprise")
    }

    pub(crate) async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        self.next().call(method, path, Some(token), body).await
    }

    pub(crate) async fn verify(&self, token: &str, code: &str) -> Answer {
        self.call(Method::POST, "/v1/me/2fa/verify", token, Some(json!({ "code": code }))).await
    }
}

/// How many answers have this status.
pub(crate) fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status.as_u16() == status).count()
}
