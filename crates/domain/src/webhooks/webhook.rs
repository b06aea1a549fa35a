//! A webhook: whom to tell, and of what.

use super::events::EventFilter;
use super::url::WebhookUrl;
use crate::audit::ports::TrailPart;
use crate::identity::{Environment, OrganizationId, WebhookId, WebhookSecretId, is_displayable};
use crate::time::Timestamp;
use crate::two_factor::secret::SealedSecret;

/// The most webhooks of an organization in one environment.
pub const MOST_WEBHOOKS: u8 = 16;

/// Which webhook.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WebhookKey {
    /// Whose.
    pub organization: OrganizationId,
    /// It is told of what happens here.
    pub environment: Environment,
    /// Its id.
    pub id: WebhookId,
}

/// A webhook without its secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Webhook {
    /// Which.
    pub key: WebhookKey,
    /// Where its deliveries go.
    pub url: WebhookUrl,
    /// Of what it is told.
    pub events: EventFilter,
    /// What the organization notes about it.
    pub description: Option<Description>,
    /// Whether it is told of anything.
    pub status: WebhookStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when deliveries are signed with the secret before the present one, too.
    pub old_secret_until: Option<Timestamp>,
}

impl Webhook {
    /// Whether it is told of an event of this name that concerns this environment (or, with `None`, the organization as a
    /// whole). A webhook is told of what a key of its environment may read.
    pub fn wants(&self, environment: Option<Environment>, name: &str) -> bool {
        self.status == WebhookStatus::Active
            && TrailPart::of_key(self.key.environment).contains(environment)
            && self.events.contains(name)
    }
}

/// Whether a webhook is told of what happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WebhookStatus {
    /// It is.
    Active,
    /// The organization has paused it.
    Paused,
    /// A delivery was given up. A delivery that succeeds, or the organization, makes it active again.
    Failing,
}

impl WebhookStatus {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Failing => "failing",
        }
    }

    /// The status of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Paused, Self::Failing].into_iter().find(|status| status.as_str() == text)
    }
}

/// What an organization notes about a webhook: 1 to 200 characters, none of them a control or a bidirectional one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description(String);

/// The text is not acceptable as a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a description is 1 to 200 characters, without control or bidirectional characters")]
pub struct NotADescription;

impl Description {
    /// The longest description, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Validates `text`.
    pub fn new(text: &str) -> Result<Self, NotADescription> {
        if is_displayable(text, Self::MAX_CHARS) { Ok(Self(text.to_owned())) } else { Err(NotADescription) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A signing secret as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSecret {
    /// New at each rotation, so that the ciphertext of an earlier one cannot be put back.
    pub id: WebhookSecretId,
    /// The sealed secret.
    pub sealed: SealedSecret,
}

/// The secrets that a webhook's deliveries are signed with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSecrets {
    /// The present one.
    pub current: StoredSecret,
    /// The one before, and until when it signs, too.
    pub old: Option<(StoredSecret, Timestamp)>,
}

impl StoredSecrets {
    /// Those that sign at `now`, the present one first.
    pub fn signing(&self, now: Timestamp) -> impl Iterator<Item = &StoredSecret> {
        let old = self.old.as_ref().filter(|(_, until)| *until > now).map(|(secret, _)| secret);
        std::iter::once(&self.current).chain(old)
    }
}

/// The fields of a webhook to change; the others stay.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct WebhookChange {
    /// Where its deliveries go.
    pub url: Option<WebhookUrl>,
    /// Of what it is told.
    pub events: Option<EventFilter>,
    /// What is noted about it; `Some(None)` is nothing.
    pub description: Option<Option<Description>>,
    /// Active or paused.
    pub paused: Option<bool>,
}

impl WebhookChange {
    /// The names of the fields that change, as the API calls them.
    pub fn fields(&self) -> Vec<&'static str> {
        let given = [
            ("url", self.url.is_some()),
            ("events", self.events.is_some()),
            ("description", self.description.is_some()),
            ("status", self.paused.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    /// The status that is asked for.
    pub fn status(&self) -> Option<WebhookStatus> {
        self.paused.map(|paused| if paused { WebhookStatus::Paused } else { WebhookStatus::Active })
    }

    /// `webhook` with this change.
    #[must_use]
    pub fn applied_to(&self, webhook: Webhook) -> Webhook {
        let Self { url, events, description, .. } = self.clone();
        Webhook {
            url: url.unwrap_or(webhook.url),
            events: events.unwrap_or(webhook.events),
            description: description.unwrap_or(webhook.description),
            status: self.status().unwrap_or(webhook.status),
            ..webhook
        }
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;
    use crate::keys::KeyId;

    fn webhook(environment: Environment) -> Webhook {
        let (organization, id) = (OrganizationId::new(Ulid::nil()), WebhookId::new(Ulid::nil()));
        Webhook {
            key: WebhookKey { organization, environment, id },
            url: WebhookUrl::new("https://example.com").unwrap(),
            events: EventFilter::new(["two_factor.*".parse().unwrap(), "api_key.*".parse().unwrap()])
                .unwrap(),
            description: None,
            status: WebhookStatus::Active,
            created_at: Timestamp::UNIX_EPOCH,
            old_secret_until: None,
        }
    }

    #[test]
    fn environments_never_mix_and_the_organization_as_a_whole_is_live() {
        let (live, test) = (webhook(Environment::Live), webhook(Environment::Test));
        for (environment, told) in [
            (Some(Environment::Live), (true, false)),
            (Some(Environment::Test), (false, true)),
            (None, (true, false)),
        ] {
            let wants = |webhook: &Webhook| webhook.wants(environment, "api_key.created");
            assert_eq!((wants(&live), wants(&test)), told, "{environment:?}");
        }
        assert!(!live.wants(None, "organization.suspended"));
    }

    #[test]
    fn only_an_active_webhook_is_told() {
        for status in [WebhookStatus::Paused, WebhookStatus::Failing] {
            let webhook = Webhook { status, ..webhook(Environment::Live) };
            assert!(!webhook.wants(Some(Environment::Live), "two_factor.enabled"));
        }
    }

    #[test]
    fn a_change_touches_only_what_it_names() {
        let old = webhook(Environment::Live);
        assert_eq!(WebhookChange::default().applied_to(old.clone()), old);
        let description = Description::new("billing");
        let change = WebhookChange {
            description: Some(description.clone().ok()),
            paused: Some(true),
            ..WebhookChange::default()
        };
        assert_eq!(change.fields(), ["description", "status"]);
        let new = change.applied_to(old.clone());
        assert_eq!(new, Webhook { description: description.ok(), status: WebhookStatus::Paused, ..old });
    }

    #[test]
    fn the_old_secret_signs_until_its_time_is_over() {
        let secret = |number| StoredSecret {
            id: WebhookSecretId::new(Ulid::from_parts(0, number)),
            sealed: SealedSecret { key: KeyId(1), bytes: vec![1] },
        };
        let until = Timestamp::from_seconds(100);
        let secrets = StoredSecrets { current: secret(2), old: Some((secret(1), until)) };
        let signing = |now| secrets.signing(now).map(|secret| secret.id).collect::<Vec<_>>();
        assert_eq!(signing(Timestamp::from_seconds(99)), [secret(2).id, secret(1).id]);
        assert_eq!(signing(until), [secret(2).id]);
    }
}
