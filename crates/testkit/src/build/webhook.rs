use countersign_domain::audit::event::{AuditEvent, Caller, SecurityEvent};
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId, WebhookId, WebhookSecretId};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::secret::SealedSecret;
use countersign_domain::webhooks::events::EventFilter;
use countersign_domain::webhooks::secret::WebhookSecret;
use countersign_domain::webhooks::url::WebhookUrl;
use countersign_domain::webhooks::webhook::{StoredSecret, Webhook, WebhookKey, WebhookStatus};

use super::factor::SEALING_KEY;
use super::identity::{NOW, fresh_ulid};
use crate::entropy::SeededEntropy;

/// An active webhook that is told of everything, with an id greater than all before.
pub fn webhook(organization: OrganizationId, environment: Environment) -> Webhook {
    Webhook {
        key: WebhookKey { organization, environment, id: WebhookId::new(fresh_ulid()) },
        url: WebhookUrl::new("https://hooks.example.com/countersign?token=of-the-receiver").unwrap(),
        events: EventFilter::all(),
        description: None,
        status: WebhookStatus::Active,
        created_at: NOW,
        old_secret_until: None,
    }
}

/// A signing secret that no other call in this process gets.
pub fn webhook_secret() -> WebhookSecret {
    WebhookSecret::generate(&SeededEntropy::new(fresh_ulid().random().try_into().unwrap())).unwrap()
}

/// Something that a sealer could have made of a new secret.
pub fn stored_secret() -> StoredSecret {
    let id = WebhookSecretId::new(fresh_ulid());
    StoredSecret { id, sealed: SealedSecret { key: SEALING_KEY, bytes: id.to_string().into_bytes() } }
}

/// An event about a webhook, caused by an operator, with an id greater than all before.
pub fn event_about_webhook(webhook: &WebhookKey, event: SecurityEvent, at: Timestamp) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::new(fresh_ulid()),
        organization: webhook.organization,
        environment: Some(webhook.environment),
        user: None,
        event,
        caller: Caller::OPERATOR,
        at,
    }
}
