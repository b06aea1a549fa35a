//! `GET /v1/audit-events`: the organization's trail.

use std::collections::BTreeMap;

use countersign_domain::admission::scope::Scope;
use countersign_domain::audit::ports::{AuditQuery, AuditRecord, TrailPart};
use countersign_domain::identity::{Environment, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::pagination::{Page, paged};
use super::{Route, Verb};
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::openapi::documented::{Documented, QueryParameter, success};
use crate::query::parameters;
use crate::reply;

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/v1/audit-events",
    handler: Handler::Organization(&[Scope::AuditRead], |call, _| Box::pin(handle(call))),
    documented,
};

/// Something that happened.
#[derive(Serialize, ToSchema)]
struct AuditEventBody {
    /// Its id, a ULID; the order of the list.
    #[schema(format = "ulid")]
    id: String,
    /// What happened. New names may come.
    #[schema(example = "two_factor.enabled")]
    name: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who caused it: `user`, `operator`, `service`, or `api_key:` and the key's id.
    #[schema(example = "user")]
    actor: String,
    /// `live` or `test`; `null` for what concerns the organization as a whole.
    #[schema(required = true, example = "live")]
    environment: Option<&'static str>,
    /// The user that it is about.
    #[schema(required = true)]
    user_id: Option<String>,
    /// The id of the request, when there was one.
    #[schema(required = true, format = "ulid")]
    request_id: Option<String>,
    /// The client's address, when there was one.
    #[schema(required = true, example = "192.0.2.1")]
    address: Option<String>,
    /// What else there is to say; which names there are depends on the event.
    details: BTreeMap<String, String>,
}

/// Events of an organization, oldest first.
#[derive(Serialize, ToSchema)]
struct AuditEventList {
    /// The events of this page.
    data: Vec<AuditEventBody>,
    /// What to send as `cursor` for the events that follow; `null` when there are none yet.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

impl From<AuditRecord> for AuditEventBody {
    fn from(record: AuditRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            at: record.at.to_string(),
            actor: record.actor,
            environment: record.environment.map(Environment::as_str),
            user_id: record.user.map(|user| user.to_string()),
            request_id: record.request.map(|request| request.to_string()),
            address: record.address.map(|address| address.to_string()),
            details: record.details.into_iter().collect(),
        }
    }
}

async fn handle(call: OrganizationCall) -> Outcome {
    let OrganizationCall { state, organization, environment, query, .. } = call;
    let mut parameters = parameters(&query)?;
    let user = parameters.optional("user_id", |text| UserId::new(text));
    let page = Page::take(&mut parameters, |text| text.parse().ok());
    let page = parameters.finish(Some(page))?;

    let (part, limit) = (TrailPart::of_key(environment), page.to_read());
    let query = AuditQuery { organization: organization.id, part, user, after: page.after, limit };
    let records = state.in_time(state.api.audit.page(query)).await??;
    let (records, next_cursor) = page.cut(records, |record| record.id);
    reply::ok(&AuditEventList { data: records.into_iter().map(Into::into).collect(), next_cursor })
}

fn documented() -> Documented {
    let user = QueryParameter {
        name: "user_id",
        description: "Only what is about this user.",
        schema: ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(255))
            .build(),
    };
    let documented = Documented::new("list_audit_events", "What happened in the organization")
        .describe(
            "Oldest first. A key reads the events of its environment; a live key also reads what concerns the organization \
             as a whole.",
        )
        .query(user);
    paged(documented).success(success::<AuditEventList>())
}
