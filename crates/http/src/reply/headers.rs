//! The headers that tell of rates and quotas.

use std::fmt::Display;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use countersign_domain::admission::bucket::BucketDecision;
use countersign_domain::quota::snapshot::QuotaSnapshot;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Sets a header to something that is written in printable ASCII.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: impl Display) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        headers.insert(name, value);
    }
}

/// What a bucket said.
pub(crate) fn set_rate(headers: &mut HeaderMap, rate: &BucketDecision) {
    set(headers, HeaderName::from_static("x-ratelimit-limit"), rate.limit);
    set(headers, HeaderName::from_static("x-ratelimit-remaining"), rate.remaining);
    set(headers, HeaderName::from_static("x-ratelimit-reset"), rate.full_at);
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
