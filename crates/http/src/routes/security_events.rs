//! `GET /v1/me/security-events`: what happened to the caller's own second factor.

use std::collections::BTreeMap;

use countersign_domain::audit::ports::{AuditQuery, AuditRecord, TrailPart};
use countersign_domain::identity::Environment;
use serde::Serialize;
use utoipa::ToSchema;

use super::pagination::{Page, paged};
use super::{Route, Verb};
use crate::gate::{AccountCall, Handler, Outcome};
use crate::openapi::documented::{Documented, success};
use crate::query::parameters;
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/me/security-events",
    handler: Handler::User(|call, _| Box::pin(handle(call))),
    documented,
};

/// The detail that stays with the organization: why a code was refused (a stolen token must not tell a wrong code from a
/// used one), and what support wrote about a reset.
const REASON: &str = "reason";

/// Who caused an event.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ActorBody {
    /// The user.
    User,
    /// Somebody else, on behalf of the platform.
    Platform,
}

/// Something that happened to a user's second factor.
#[derive(Serialize, ToSchema)]
struct SecurityEventBody {
    /// Its id, a ULID; the order of the list.
    #[schema(format = "ulid")]
    id: String,
    /// What happened. New names may come.
    #[schema(example = "two_factor.enabled")]
    name: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who caused it.
    actor: ActorBody,
    /// `live` or `test`.
    #[schema(required = true, example = "live")]
    environment: Option<&'static str>,
    /// The user.
    #[schema(required = true)]
    user_id: Option<String>,
    /// The id of the request, when there was one.
    #[schema(required = true, format = "ulid")]
    request_id: Option<String>,
    /// The address of the user's client; `null` when it was not the user.
    #[schema(required = true, example = "192.0.2.1")]
    address: Option<String>,
    /// What else there is to say; which names there are depends on the event.
    details: BTreeMap<String, String>,
}

/// Events of a user, oldest first.
#[derive(Serialize, ToSchema)]
struct SecurityEventList {
    /// The events of this page.
    data: Vec<SecurityEventBody>,
    /// What to send as `cursor` for the events that follow; `null` when there are none yet.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

impl From<AuditRecord> for SecurityEventBody {
    fn from(record: AuditRecord) -> Self {
        let actor = if record.actor == "user" { ActorBody::User } else { ActorBody::Platform };
        let address = record.address.filter(|_| actor == ActorBody::User);
        let details = record.details.into_iter().filter(|(name, _)| name != REASON);
        Self {
            id: record.id.to_string(),
            name: record.name,
            at: record.at.to_string(),
            actor,
            environment: record.environment.map(Environment::as_str),
            user_id: record.user.map(|user| user.to_string()),
            request_id: record.request.map(|request| request.to_string()),
            address: address.map(|address| address.to_string()),
            details: details.collect(),
        }
    }
}

async fn handle(call: AccountCall) -> Outcome {
    let AccountCall { state, subject, query, .. } = call;
    let mut parameters = parameters(&query)?;
    let page = Page::take(&mut parameters, |text| text.parse().ok());
    let page = parameters.finish(Some(page))?;

    let (part, limit) = (TrailPart::Only(subject.environment), page.to_read());
    let (organization, user) = (subject.organization, Some(subject.user));
    let query = AuditQuery { organization, part, user, after: page.after, limit };
    let records = state.in_time(state.api.audit.page(query)).await??;
    let (records, next_cursor) = page.cut(records, |record| record.id);
    reply::ok(&SecurityEventList { data: records.into_iter().map(Into::into).collect(), next_cursor })
}

fn documented() -> Documented {
    let documented = Documented::new("list_security_events", "What happened to your second factor");
    paged(documented.describe("Oldest first.")).success(success::<SecurityEventList>())
}
