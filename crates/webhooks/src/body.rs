//! The body of a message.

use std::collections::BTreeMap;

use countersign_domain::identity::{Environment, OrganizationId, UserId};
use countersign_domain::webhooks::delivery_ports::Message;
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    /// The event's id; a repetition has the same one.
    id: String,
    r#type: &'a str,
    created_at: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    organization_id: String,
    environment: Option<&'static str>,
    user_id: Option<&'a str>,
    actor: &'a str,
    request_id: Option<String>,
    details: BTreeMap<&'a str, &'a str>,
}

/// The bytes that are signed and sent.
pub(crate) fn bytes(message: &Message) -> serde_json::Result<Vec<u8>> {
    let Message { organization, record, .. } = message;
    serde_json::to_vec(&Body {
        id: record.id.to_string(),
        r#type: &record.name,
        created_at: record.at.to_string(),
        data: Data {
            organization_id: OrganizationId::to_string(organization),
            environment: record.environment.map(Environment::as_str),
            user_id: record.user.as_ref().map(UserId::as_str),
            actor: &record.actor,
            request_id: record.request.map(|request| request.to_string()),
            details: record.details.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect(),
        },
    })
}
