//! The contract of [`WebhookSealer`].

use std::sync::Arc;

use countersign_domain::identity::{Environment, FactorId, WebhookId, WebhookSecretId};
use countersign_domain::two_factor::ports::{SecretPlace, SecretSealer};
use countersign_domain::webhooks::ports::{WebhookSealer, WebhookSecretPlace};
use countersign_domain::webhooks::webhook::WebhookKey;
use libtest_mimic::Trial;

use super::sealed::{altered, assert_closed, assert_no_two_alike, under_other_keys};
use super::{Case, case::cases, trials as trials_of};
use crate::build::{fresh_ulid, organization_id, secret, subject, webhook, webhook_secret};

/// One sealer as both ports, so that the two kinds of secrets can be mixed up.
#[derive(Clone)]
pub struct Harness {
    /// As the port of this suite.
    pub webhooks: Arc<dyn WebhookSealer>,
    /// The same one, for TOTP secrets.
    pub secrets: Arc<dyn SecretSealer>,
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").finish_non_exhaustive()
    }
}

/// The cases.
pub fn cases() -> Vec<Case<Harness>> {
    cases![
        Harness;
        a_sealed_secret_opens_at_its_place,
        a_secret_opens_at_no_other_place,
        changed_missing_or_additional_bytes_do_not_open,
        a_secret_opens_with_its_own_key_only,
        one_kind_of_secret_never_opens_as_the_other,
        no_two_seals_are_alike,
    ]
}

/// One test for each case.
pub fn trials<F, M>(factory: F) -> Vec<Trial>
where
    F: Fn() -> M + Clone + Send + Sync + 'static,
    M: Future<Output = Harness> + Send + 'static,
{
    trials_of("webhook_sealer", cases(), factory)
}

fn place() -> WebhookSecretPlace {
    let webhook = webhook(organization_id(1), Environment::Live).key;
    WebhookSecretPlace { webhook, secret: WebhookSecretId::new(fresh_ulid()) }
}

async fn a_sealed_secret_opens_at_its_place(sealer: Harness) {
    let (place, secret) = (place(), webhook_secret());
    let sealed = sealer.webhooks.seal_webhook(place, &secret).unwrap();
    for _ in 0..2 {
        assert_eq!(sealer.webhooks.open_webhook(place, &sealed).unwrap().expose(), secret.expose());
    }
}

async fn a_secret_opens_at_no_other_place(sealer: Harness) {
    let place = place();
    let sealed = sealer.webhooks.seal_webhook(place, &webhook_secret()).unwrap();
    let key = place.webhook;
    let elsewhere = [
        WebhookKey { organization: organization_id(2), ..key },
        WebhookKey { environment: Environment::Test, ..key },
        WebhookKey { id: WebhookId::new(fresh_ulid()), ..key },
    ];
    for webhook in elsewhere {
        let opened = sealer.webhooks.open_webhook(WebhookSecretPlace { webhook, ..place }, &sealed);
        assert_closed(&opened, &format!("it opens for {webhook:?}"));
    }
    let earlier = WebhookSecretPlace { secret: WebhookSecretId::new(fresh_ulid()), ..place };
    assert_closed(&sealer.webhooks.open_webhook(earlier, &sealed), "it opens as another secret");
}

async fn changed_missing_or_additional_bytes_do_not_open(sealer: Harness) {
    let place = place();
    for (how, altered) in altered(&sealer.webhooks.seal_webhook(place, &webhook_secret()).unwrap()) {
        assert_closed(&sealer.webhooks.open_webhook(place, &altered), &how);
    }
}

async fn a_secret_opens_with_its_own_key_only(sealer: Harness) {
    let place = place();
    for (key, renamed) in under_other_keys(&sealer.webhooks.seal_webhook(place, &webhook_secret()).unwrap()) {
        assert_closed(&sealer.webhooks.open_webhook(place, &renamed), &key);
    }
}

/// The same ids stand for the webhook and the factor, so that the purpose alone tells the two apart.
async fn one_kind_of_secret_never_opens_as_the_other(sealer: Harness) {
    let id = fresh_ulid();
    let user = subject(&id.to_string());
    let webhook =
        WebhookKey { organization: user.organization, environment: user.environment, id: WebhookId::new(id) };
    let (as_webhook, as_factor) = (
        WebhookSecretPlace { webhook, secret: WebhookSecretId::new(id) },
        SecretPlace { subject: &user, factor: FactorId::new(id) },
    );
    let sealed = sealer.webhooks.seal_webhook(as_webhook, &webhook_secret()).unwrap();
    assert_closed(&sealer.secrets.open(as_factor, &sealed), "a webhook's secret as one of TOTP");
    let sealed = sealer.secrets.seal(as_factor, &secret(7)).unwrap();
    assert_closed(&sealer.webhooks.open_webhook(as_webhook, &sealed), "a secret of TOTP as a webhook's");
}

async fn no_two_seals_are_alike(sealer: Harness) {
    let (place, secret) = (place(), webhook_secret());
    assert_no_two_alike(|| sealer.webhooks.seal_webhook(place, &secret).unwrap());
}
