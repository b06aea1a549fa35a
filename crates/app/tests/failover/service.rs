//! Two nodes of Countersign over the cluster, and users whose authenticators are at hand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::cluster::HaCluster;
use crate::support::authenticator::{code, next_code};
use crate::support::{Answer, Home, Server, text};

/// So many users that somebody always has a code that was not shown yet.
const USERS: usize = 40;
/// Longer than any failover takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Service {
    nodes: Vec<Server>,
    calls: AtomicUsize,
    pub(crate) users: Vec<User>,
    /// Consumes and reads turns.
    pub(crate) key: String,
    _home: Home,
}

/// Somebody with an enabled factor.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    token: String,
    secret: String,
}

/// A code that was accepted.
#[derive(Clone)]
pub(crate) struct Verified {
    user: User,
    code: String,
}

impl Service {
    pub(crate) async fn start(cluster: &HaCluster, variables: &[(&str, &str)]) -> Self {
        let home = Home::new();
        let on = |line: &str| format!("--database {} {line}", cluster.url());
        let serve = || {
            let all: Vec<_> =
                variables.iter().copied().chain([("COUNTERSIGN_DATABASE__URL", cluster.url())]).collect();
            home.serve_with(&all, "serve")
        };
        let nodes = vec![serve(), serve()];
        let organization = text(&home.json(&on("org create --name Acme --plan enterprise"))["id"]);
        let scopes = "--scope usage:read --scope usage:write";
        let made = home.json(&on(&format!("api-key create --org {organization} --env live {scopes}")));
        let names = (0..USERS).map(|number| format!("user-{number}"));
        let users = names.map(|name| {
            let minted = home.json(&on(&format!("token mint --org {organization} --user {name}")));
            User { name, token: text(&minted["token"]), secret: String::new() }
        });
        let mut service = Self {
            nodes,
            calls: AtomicUsize::new(0),
            users: users.collect(),
            key: text(&made["key"]),
            _home: home,
        };
        let enrolled = join_all(service.users.iter().map(|user| service.enrol(user))).await;
        service.users = enrolled;
        service
    }

    async fn enrol(&self, user: &User) -> User {
        let node = self.next();
        let setup = node.setup(&user.token).await;
        let secret = text(&setup.body()["secret"]);
        let confirmed = node.verify_setup(&user.token, &code(&secret)).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.text);
        User { secret, ..user.clone() }
    }

    fn next(&self) -> &Server {
        &self.nodes[self.calls.fetch_add(1, Ordering::Relaxed) % self.nodes.len()]
    }

    /// Shows a user's next code; `None` when it was not accepted.
    pub(crate) async fn verify(&self, user: &User) -> Option<Verified> {
        let verified = Verified { user: user.clone(), code: next_code(&user.secret) };
        let answer = self.show(self.next(), &verified).await?;
        assert_ne!(answer.status, 500, "{}", answer.text);
        (answer.status == 200).then_some(verified)
    }

    /// Everybody shows the code of their next step, and all are accepted.
    pub(crate) async fn verify_everybody(&self) -> Vec<Verified> {
        let verified: Vec<_> =
            join_all(self.users.iter().map(|user| self.verify(user))).await.into_iter().flatten().collect();
        assert_eq!(verified.len(), USERS);
        verified
    }

    /// Consumes a turn; `None` when nobody knows whether it was counted.
    pub(crate) async fn consume(&self) -> Option<()> {
        let body = Some(json!({ "count": 1 }));
        let answer =
            self.next().try_call(Method::POST, "/v1/usage/turns", Some(&self.key), body).await.ok()?;
        match answer.status.as_u16() {
            200 => Some(()),
            503 => None,
            status => panic!("{status}: {}", answer.text),
        }
    }

    pub(crate) async fn turns_used(&self) -> u64 {
        self.next().get("/v1/usage", &self.key).await.body()["turns"]["used"].as_u64().unwrap()
    }

    pub(crate) async fn wait_until_it_is_ready(&self) {
        let ready = async {
            for node in &self.nodes {
                while node.call(Method::GET, "/readyz", None, None).await.status != 200 {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        };
        let recovered = tokio::time::timeout(PATIENCE, ready).await.is_ok();
        assert!(recovered, "the service does not recover: {}", self.ends_of_logs());
    }

    fn ends_of_logs(&self) -> String {
        let end = |node: &Server| {
            let log = node.log();
            let lines: Vec<_> = log.lines().rev().take(20).collect();
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        self.nodes.iter().map(end).collect::<Vec<_>>().join("\n\n")
    }

    /// Shows accepted codes again, to every node; the users for whom one was accepted once more.
    pub(crate) async fn accepted_again(&self, verified: &[Verified]) -> Vec<String> {
        let mut again = Vec::new();
        for node in &self.nodes {
            let answers = join_all(verified.iter().map(|code| self.show(node, code))).await;
            for (code, answer) in verified.iter().zip(answers) {
                let answer = answer.expect("an answer");
                assert!([200, 422, 423, 503].contains(&answer.status.as_u16()), "{}", answer.text);
                if answer.status == 200 {
                    again.push(code.user.name.clone());
                }
            }
        }
        again
    }

    async fn show(&self, node: &Server, verified: &Verified) -> Option<Answer> {
        let body = Some(json!({ "code": verified.code }));
        node.try_call(Method::POST, "/v1/me/2fa/verify", Some(&verified.user.token), body).await.ok()
    }
}
