//! The signing secrets of webhooks as something that is sealed anew when the key changes.

use std::fmt;
use std::sync::Arc;

use super::ports::{WebhookSealer, WebhookSecretPlace};
use super::webhook::WebhookKey;
use crate::identity::OrganizationId;
use crate::keys::reseal::{Reseal, SealedPlace, SealedRows};
use crate::two_factor::secret::SealedSecret;

/// Places are in the order of their organizations, and then of the ids of their secrets.
impl SealedPlace for WebhookSecretPlace {
    fn organization(&self) -> OrganizationId {
        self.webhook.organization
    }
}

impl fmt::Display for WebhookSecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WebhookKey { organization, environment, id } = self.webhook;
        write!(f, "organization {organization}, {environment}, webhook {id}")
    }
}

impl Reseal<WebhookSecretPlace> {
    /// Seals the secrets of webhooks anew with the present key of `sealer`.
    pub fn of_webhooks(
        rows: Arc<dyn SealedRows<WebhookSecretPlace>>,
        sealer: Arc<dyn WebhookSealer>,
    ) -> Self {
        let seal_anew = Arc::new(move |place: &WebhookSecretPlace, sealed: &SealedSecret| {
            sealer.seal_webhook(*place, &sealer.open_webhook(*place, sealed)?)
        });
        Self { name: "secrets of webhooks", rows, seal_anew }
    }
}
