//! The use cases around webhooks.

use std::sync::Arc;

use countersign_domain::webhooks::address::AddressPolicy;
use countersign_domain::webhooks::deliver::DeliverWebhooks;
use countersign_domain::webhooks::manage::ManageWebhooks;
use countersign_domain::webhooks::ports::WebhookSealer;
use countersign_webhooks::HttpWebhookSender;

use super::stores::Stores;
use crate::commands::Session;
use crate::config::Config;

pub(super) fn manage(session: &Session, stores: &Stores, sealer: Arc<dyn WebhookSealer>) -> ManageWebhooks {
    ManageWebhooks {
        clock: session.clock.clone(),
        entropy: session.entropy.clone(),
        webhooks: stores.webhooks.clone(),
        deliveries: stores.deliveries.clone(),
        sealer,
        addresses: addresses(&session.config),
    }
}

pub(super) fn deliver(
    session: &Session,
    stores: &Stores,
    sealer: Arc<dyn WebhookSealer>,
) -> anyhow::Result<DeliverWebhooks> {
    Ok(DeliverWebhooks {
        clock: session.clock.clone(),
        entropy: session.entropy.clone(),
        deliveries: stores.deliveries.clone(),
        sealer,
        sender: Arc::new(HttpWebhookSender::new(addresses(&session.config))?),
    })
}

/// Development is tried out on one machine.
fn addresses(config: &Config) -> AddressPolicy {
    match (config.webhooks.allow_private_addresses, config.is_production()) {
        (true, _) => AddressPolicy::Private,
        (false, true) => AddressPolicy::Public,
        (false, false) => AddressPolicy::Loopback,
    }
}
