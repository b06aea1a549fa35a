//! What a bucket said, as header fields: the `X-RateLimit-…` that clients know, and beside them `RateLimit-Policy` and
//! `RateLimit` as draft-ietf-httpapi-ratelimit-headers-11 writes them (lists of RFC 9651).

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName};
use countersign_domain::admission::bucket::BucketDecision;
use countersign_domain::time::Timestamp;

use super::headers::set;

/// What the bucket that a call took from said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rate {
    /// The one of the caller's organization.
    Organization(BucketDecision),
    /// The one of the client's address.
    Client(BucketDecision),
}

impl Rate {
    /// Tells it, at the instant `now`.
    pub(crate) fn set(self, headers: &mut HeaderMap, now: Timestamp) {
        let (policy, BucketDecision { spec, remaining, full_at, retry_at, .. }) = match self {
            Self::Organization(decision) => ("org", decision),
            Self::Client(decision) => ("client", decision),
        };
        set(headers, HeaderName::from_static("x-ratelimit-limit"), spec.per_second);
        set(headers, HeaderName::from_static("x-ratelimit-remaining"), remaining);
        set(headers, HeaderName::from_static("x-ratelimit-reset"), full_at);

        let window = whole_seconds(spec.time_to_fill());
        let declared = format!("\"{policy}\";q={};w={window}", spec.burst);
        set(headers, HeaderName::from_static("ratelimit-policy"), declared);
        // Section 6.4: `Retry-After` should not be earlier than the end of the window. It tells the next token.
        let changes_at = if remaining == 0 { retry_at } else { full_at };
        let effective = changes_at.whole_seconds_from(now);
        let left = format!("\"{policy}\";r={remaining};t={effective}");
        set(headers, HeaderName::from_static("ratelimit"), left);
    }
}

/// Rounded up.
fn whole_seconds(duration: Duration) -> u128 {
    duration.as_micros().div_ceil(1_000_000)
}
