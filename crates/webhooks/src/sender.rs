//! One attempt over HTTP.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::webhooks::address::AddressPolicy;
use countersign_domain::webhooks::delivery::{AttemptOutcome, SendFailure};
use countersign_domain::webhooks::delivery_ports::{Message, WebhookSender};
use countersign_domain::webhooks::url::{Host, Scheme};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, redirect};

use crate::resolver::{CheckingResolver, NoAddress};
use crate::{body, signature};

/// For the name, the connection and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// For the whole attempt, until the answer's head is there.
const TIMEOUT: Duration = Duration::from_secs(10);

const SIGNATURE: &str = "x-countersign-signature";

/// Sends webhooks.
#[derive(Clone, Debug)]
pub struct HttpWebhookSender {
    policy: AddressPolicy,
    https: Client,
    http: Client,
}

/// There is no client, most likely because the system has no certificates of authorities.
#[derive(Debug, thiserror::Error)]
#[error("webhooks cannot be sent; install the certificates of the system (ca-certificates)")]
pub struct NoClient(#[source] reqwest::Error);

impl HttpWebhookSender {
    /// A sender to the addresses of `policy`, which trusts the certificate authorities of the system.
    pub fn new(policy: AddressPolicy) -> Result<Self, NoClient> {
        let client = |scheme| client(CheckingResolver { policy, scheme });
        let https = client(Scheme::Https).build().map_err(NoClient)?;
        // It never speaks TLS, so it does not load all authorities once more.
        let http = client(Scheme::Http).tls_certs_only([]).build().map_err(NoClient)?;
        Ok(Self { policy, https, http })
    }
}

/// A client that follows nothing, keeps no connection (the next attempt checks the address anew) and knows no proxy.
fn client(resolver: CheckingResolver) -> ClientBuilder {
    Client::builder()
        .dns_resolver(resolver)
        .https_only(resolver.scheme == Scheme::Https)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
}

#[async_trait]
impl WebhookSender for HttpWebhookSender {
    async fn send(&self, message: Message) -> AttemptOutcome {
        // An address in the URL does not pass the resolver.
        if let Host::Address(address) = message.url.host()
            && !self.policy.permits(message.url.scheme(), *address)
        {
            return AttemptOutcome::Failed(SendFailure::AddressRefused);
        }
        let Ok(body) = body::bytes(&message) else { return AttemptOutcome::Failed(SendFailure::NoAnswer) };
        let client = match message.url.scheme() {
            Scheme::Https => &self.https,
            Scheme::Http => &self.http,
        };
        let request = client
            .post(message.url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE, signature::header(&message.secrets, &body))
            .body(body);
        // The body of the answer is never read: dropping the response closes the connection.
        match request.send().await {
            Ok(response) => AttemptOutcome::Answered(response.status().as_u16()),
            Err(error) => AttemptOutcome::Failed(failure(&error)),
        }
    }
}

fn failure(error: &reqwest::Error) -> SendFailure {
    let mut cause = error.source();
    while let Some(error) = cause {
        match error.downcast_ref() {
            Some(NoAddress::Refused) => return SendFailure::AddressRefused,
            Some(NoAddress::Unresolved) => return SendFailure::NameNotResolved,
            None => cause = error.source(),
        }
    }
    if error.is_timeout() {
        SendFailure::TimedOut
    } else if error.is_connect() {
        SendFailure::NotConnected
    } else {
        SendFailure::NoAnswer
    }
}
