//! `token`: user tokens for development and tests.

use clap::{Args, Subcommand};
use countersign_domain::audit::event::{AuditEvent, Caller, SecurityEvent};
use countersign_domain::identity::{Environment, NotAUserId, OrganizationId, Subject, UserId};
use serde::Serialize;

use crate::commands::{Outcome, Session, existing_organization};
use crate::config::Span;
use crate::output::Report;
use crate::wiring::{self, Stores};

/// What may follow `token`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Sign a user token with the configured HS256 secret, as the platform would
    Mint(Mint),
}

/// Whose token, and for how long.
#[derive(Args, Debug)]
pub(crate) struct Mint {
    /// The user's organization
    #[arg(long, value_name = "ID")]
    org: OrganizationId,
    /// The user's id
    #[arg(long, value_name = "ID", value_parser = user_id)]
    user: UserId,
    /// How long it is valid
    #[arg(long, default_value = "15m")]
    ttl: Span,
    /// The data that it reaches: live or test
    #[arg(long, default_value = "live")]
    env: Environment,
    /// Mint in production, too; the audit trail tells of it
    #[arg(long)]
    allow_production: bool,
}

/// A user's id as it is typed.
pub(crate) fn user_id(text: &str) -> Result<UserId, NotAUserId> {
    UserId::new(text)
}

/// A token with the end of its life.
#[derive(Serialize)]
pub(crate) struct TokenReport {
    /// The token.
    pub(crate) token: String,
    /// From this instant on it is refused.
    pub(crate) expires_at: String,
}

impl Report for TokenReport {
    const COLUMNS: &'static [&'static str] = &["token", "expires at"];

    fn cells(&self) -> Vec<String> {
        vec![self.token.clone(), self.expires_at.clone()]
    }
}

/// Does what follows `token`.
pub(crate) async fn run(arguments: Arguments, session: &Session) -> anyhow::Result<Outcome> {
    let Arguments::Mint(mint) = arguments;
    if session.config.is_production() && !mint.allow_production {
        anyhow::bail!(
            "tokens are the platform's to sign in production; if you must, add --allow-production, and the audit \
             trail tells of it"
        );
    }
    let stores = session.stores().await?;
    let subject = Subject { organization: mint.org, environment: mint.env, user: mint.user };
    let report = self::mint(session, &stores, &subject, mint.ttl).await?;
    session.output.one(&report)?;
    Ok(Outcome::Done)
}

/// Mints a token for a user of an organization that exists. The audit trail tells of it before anybody has it.
pub(crate) async fn mint(
    session: &Session,
    stores: &Stores,
    subject: &Subject,
    ttl: Span,
) -> anyhow::Result<TokenReport> {
    existing_organization(stores, subject.organization).await?;
    let now = session.clock.now();
    let minted = wiring::mint_token(&session.config, &*session.entropy, subject, ttl.0, now)?;
    let event = SecurityEvent::UserTokenMinted;
    let audit = AuditEvent::about_user(subject, event, &Caller::OPERATOR, now, &*session.entropy)?;
    stores.audit.append(audit).await?;
    Ok(TokenReport { token: minted.token.to_string(), expires_at: minted.expires_at.to_string() })
}
