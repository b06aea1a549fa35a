//! The request id, the quota, and how any header is set.

use std::fmt::Display;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use countersign_domain::quota::snapshot::QuotaSnapshot;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `true` on an answer that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Sets a header to something that is written in printable ASCII.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: impl Display) {
    if let Ok(value) = HeaderValue::try_from(value.to_string()) {
        headers.insert(name, value);
    }
}

/// What is used of a quota; an unlimited part has no limit.
pub(crate) fn set_quota(headers: &mut HeaderMap, quota: &QuotaSnapshot) {
    set(headers, HeaderName::from_static("x-quota-turns-used"), quota.usage.turns);
    if let Some(limit) = quota.turns.limit() {
        set(headers, HeaderName::from_static("x-quota-turns-limit"), limit);
    }
    let active = quota.usage.active_relationships;
    set(headers, HeaderName::from_static("x-quota-relationships-active"), active);
    if let Some(limit) = quota.relationships.limit() {
        set(headers, HeaderName::from_static("x-quota-relationships-limit"), limit);
    }
    set(headers, HeaderName::from_static("x-quota-reset"), quota.period.ends_at);
}
