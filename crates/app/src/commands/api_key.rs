//! `api-key`: API keys of an organization.

use std::str::FromStr;

use clap::{Args, Subcommand};
use countersign_domain::admission::api_key::{ApiKey, ApiKeyDigest, ApiKeyId, NewApiKey, NotAnApiKeyId};
use countersign_domain::admission::ports::{Created, Revocation};
use countersign_domain::admission::scope::{Scope, Scopes};
use countersign_domain::audit::event::{AuditEvent, Caller, SecurityEvent};
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId};
use serde::Serialize;

use crate::commands::{Outcome, Session, existing_organization};
use crate::output::Report;
use crate::wiring::Stores;

/// What may follow `api-key`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Make a key; it is shown this once
    Create(Rights),
    /// Take over a key that was issued elsewhere
    Import {
        /// What the key may do, and for whom
        #[command(flatten)]
        rights: Rights,
        /// The SHA-256 of the whole key, in hexadecimal
        #[arg(long, value_name = "HEX")]
        digest: Digest,
    },
    /// Show an organization's keys
    List {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
    },
    /// Refuse a key from now on; in force within 5 seconds
    Revoke {
        /// The key's id
        #[arg(value_parser = api_key_id)]
        key_id: ApiKeyId,
    },
}

/// What a key may do, and for whom.
#[derive(Args, Clone, Debug)]
pub(crate) struct Rights {
    /// The organization
    #[arg(long, value_name = "ID")]
    org: OrganizationId,
    /// The only data that the key reaches: live or test
    #[arg(long)]
    env: Environment,
    /// A right of the key, such as 2fa:read; repeat it for more
    #[arg(long = "scope", required = true)]
    scopes: Vec<Scope>,
}

fn api_key_id(text: &str) -> Result<ApiKeyId, NotAnApiKeyId> {
    ApiKeyId::new(text)
}

/// A digest as it is typed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(ApiKeyDigest);

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).unwrap_or_default();
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| "a SHA-256 is 64 hexadecimal digits")?;
        Ok(Self(ApiKeyDigest::from_bytes(bytes)))
    }
}

#[derive(Serialize)]
struct ApiKeyReport {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    environment: &'static str,
    scopes: Vec<&'static str>,
    created_at: String,
    revoked_at: Option<String>,
}

impl From<&ApiKey> for ApiKeyReport {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.as_str().to_owned(),
            key: None,
            environment: key.environment.as_str(),
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            created_at: key.created_at.to_string(),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }
}

impl Report for ApiKeyReport {
    const COLUMNS: &'static [&'static str] =
        &["id", "environment", "scopes", "created at", "revoked at", "key"];

    fn cells(&self) -> Vec<String> {
        let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        vec![
            self.id.clone(),
            self.environment.to_owned(),
            self.scopes.join(" "),
            self.created_at.clone(),
            optional(&self.revoked_at),
            self.key.clone().unwrap_or_else(|| "(not kept)".to_owned()),
        ]
    }
}

/// Does what follows `api-key`.
pub(crate) async fn run(arguments: Arguments, session: &Session) -> anyhow::Result<Outcome> {
    let stores = session.stores().await?;
    match arguments {
        Arguments::Create(rights) => create(session, &stores, rights).await?,
        Arguments::Import { rights, digest } => {
            let id = ApiKeyId::mint(&*session.entropy)?;
            let key = store(session, &stores, rights, id, digest.0).await?;
            session.output.one(&ApiKeyReport::from(&key))?;
        }
        Arguments::List { org } => {
            existing_organization(&stores, org).await?;
            let keys: Vec<_> = stores.api_keys.list(org).await?.iter().map(ApiKeyReport::from).collect();
            session.output.list(&keys)?;
        }
        Arguments::Revoke { key_id } => {
            let key = revoke(session, &stores, key_id).await?;
            session.output.one(&ApiKeyReport::from(&key))?;
        }
    }
    Ok(Outcome::Done)
}

async fn create(session: &Session, stores: &Stores, rights: Rights) -> anyhow::Result<()> {
    let new = NewApiKey::generate(&session.config.auth.api_key_prefix, rights.env, &*session.entropy)?;
    let key = store(session, stores, rights, new.id, ApiKeyDigest::of(&new.key)).await?;
    let report = ApiKeyReport { key: Some(new.key.to_string()), ..ApiKeyReport::from(&key) };
    session.output.one(&report)?;
    Ok(())
}

async fn revoke(session: &Session, stores: &Stores, key: ApiKeyId) -> anyhow::Result<ApiKey> {
    let at = session.clock.now();
    let event = AuditEventId::mint(at, &*session.entropy)?;
    let revocation = Revocation { key: key.clone(), at, event, caller: Caller::OPERATOR };
    let revoked = stores.api_keys.revoke(revocation).await?;
    revoked.ok_or_else(|| anyhow::anyhow!("there is no API key {}", key.as_str()))
}

async fn store(
    session: &Session,
    stores: &Stores,
    rights: Rights,
    id: ApiKeyId,
    digest: ApiKeyDigest,
) -> anyhow::Result<ApiKey> {
    let now = session.clock.now();
    let key = ApiKey {
        id: id.clone(),
        organization: existing_organization(stores, rights.org).await?.id,
        environment: rights.env,
        scopes: rights.scopes.into_iter().collect::<Scopes>(),
        digest,
        created_at: now,
        revoked_at: None,
    };
    let event = SecurityEvent::ApiKeyCreated { key: id };
    let audit = AuditEvent::about_organization(rights.org, event, &Caller::OPERATOR, now, &*session.entropy)?;
    match stores.api_keys.create(key.clone(), audit).await? {
        Created::New => Ok(key),
        Created::Exists => anyhow::bail!("this API key is there already, for this or another organization"),
        Created::Dangling => anyhow::bail!("there is no organization {}", rights.org),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let text = "AB".repeat(32);
        assert_eq!(text.parse::<Digest>().unwrap().0.as_bytes(), &[0xAB; 32]);
        for bad in ["", "ab", &"g".repeat(64), &"ab".repeat(33)] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }
}
