//! What is printed once the API can be called. Development shows everything that a first try needs.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use countersign_domain::identity::{Environment, OrganizationId, OrganizationName, Subject, UserId};
use countersign_domain::quota::plan::PlanId;
use serde::Serialize;

use crate::commands::token::TokenReport;
use crate::commands::{Session, org, token};
use crate::config::Span;
use crate::development::DataDir;
use crate::output::{Format, note};
use crate::wiring::Stores;

/// How long the token of the first run is valid: a day at work.
const TOKEN_LIFE: Duration = Duration::from_hours(12);

#[derive(Serialize)]
struct Greeting {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    demo: Option<Demo>,
}

#[derive(Serialize)]
struct Demo {
    organization: String,
    user: &'static str,
    token: String,
    expires_at: String,
    data_dir: String,
}

/// Prints it: a JSON document on standard output, or text for people on standard error.
pub(super) async fn print(session: &Session, stores: &Stores, address: SocketAddr) -> anyhow::Result<()> {
    let config = &session.config;
    let wanted = !config.is_production() && config.token_secret().is_some();
    let demo = if wanted { Some(demo(session, stores).await?) } else { None };
    let greeting = Greeting { address: format!("http://{address}"), demo };
    match session.output.format {
        Format::Json => session.output.json(&greeting)?,
        Format::Human => note(&greeting),
    }
    Ok(())
}

/// The organization `demo` on the plan `scale`, and a token for its user `alice`.
async fn demo(session: &Session, stores: &Stores) -> anyhow::Result<Demo> {
    let entropy = &*session.entropy;
    let id: OrganizationId =
        DataDir::prepare(&session.config.data_dir)?.demo_organization(session.clock.now(), entropy)?;
    if stores.organizations.find(id).await?.is_none() {
        let (name, plan) = (OrganizationName::new("demo")?, PlanId::new("scale")?);
        let _ = org::create(session, stores, id, name, plan).await?;
    }
    let subject = Subject { organization: id, environment: Environment::Live, user: UserId::new("alice")? };
    let life = Span(TOKEN_LIFE.min(session.config.auth.max_token_life.0));
    let TokenReport { token, expires_at } = token::mint(session, stores, &subject, life).await?;
    let data_dir = session.config.data_dir.display().to_string();
    Ok(Demo { organization: id.to_string(), user: "alice", token, expires_at, data_dir })
}

impl fmt::Display for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, demo } = self;
        writeln!(f, "Countersign serves on {address}\n")?;
        writeln!(f, "  account security   {address}/")?;
        writeln!(f, "  API reference      {address}/docs/")?;
        let Some(Demo { organization, user, token, expires_at, data_dir }) = demo else { return Ok(()) };
        let curl = format!("curl -sS -X POST -H 'Authorization: Bearer {token}'");
        writeln!(f, "\nThis is development; its data and its made-up keys are in {data_dir}.")?;
        writeln!(
            f,
            "A token for {user} of the organization demo ({organization}), valid until {expires_at}:\n"
        )?;
        writeln!(f, "{token}\n")?;
        writeln!(f, "The account-security page, opened as {user}:\n")?;
        writeln!(f, "{address}/#token={token}\n")?;
        writeln!(f, "Or by hand: begin a set-up, and give its secret to an authenticator:\n")?;
        writeln!(f, "{curl} {address}/v1/me/2fa/setup\n")?;
        writeln!(f, "Confirm it, with the code that the authenticator shows in place of CODE:\n")?;
        let body = "-H 'Content-Type: application/json' -d '{\"code\": \"CODE\"}'";
        writeln!(f, "{curl} {body} {address}/v1/me/2fa/verify-setup")
    }
}
