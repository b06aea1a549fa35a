//! Which headers a response has, by its status and by who may call.

use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{Header, KnownFormat, ObjectBuilder, SchemaFormat, Type};

/// A header, and whether it is always there.
pub(super) struct Listed {
    pub(super) name: &'static str,
    pub(super) required: bool,
}

const RATE: [&str; 5] =
    ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"];
const QUOTA: [&str; 5] = [
    "X-Quota-Turns-Used",
    "X-Quota-Turns-Limit",
    "X-Quota-Relationships-Active",
    "X-Quota-Relationships-Limit",
    "X-Quota-Reset",
];

/// The headers of a response of a route under `/v1` with this status. The rate headers also go out wherever a bucket
/// was asked, so they are listed there without being promised.
pub(super) fn under_v1(status: u16) -> Vec<Listed> {
    let mut headers = vec![required("X-Request-Id")];
    match status {
        200 => headers.extend(RATE.map(required)),
        403 => {
            headers.extend(QUOTA.map(required));
            headers.extend(RATE.map(optional));
            headers.push(optional("WWW-Authenticate"));
        }
        429 => {
            headers.extend(RATE.map(required));
            headers.push(required("Retry-After"));
            headers.extend(QUOTA.map(required));
        }
        401 => {
            headers.extend(RATE.map(optional));
            headers.push(optional("WWW-Authenticate"));
        }
        _ => headers.extend(RATE.map(optional)),
    }
    headers
}

/// The headers of a response of any other route.
pub(super) fn elsewhere(status: u16) -> Vec<Listed> {
    let mut headers = vec![required("X-Request-Id")];
    if status == 308 {
        headers.push(required("Location"));
    }
    headers
}

/// What says that an answer was given before.
pub(super) const fn replayed() -> Listed {
    optional("Idempotency-Replayed")
}

const fn required(name: &'static str) -> Listed {
    Listed { name, required: true }
}

const fn optional(name: &'static str) -> Listed {
    Listed { name, required: false }
}

impl Listed {
    pub(super) fn describe(&self) -> Header {
        let (kind, description) = meaning(self.name);
        let schema = match kind {
            Kind::Count => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)),
            Kind::Instant => {
                let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
                ObjectBuilder::new().schema_type(Type::String).format(Some(format))
            }
            Kind::Text => ObjectBuilder::new().schema_type(Type::String),
        };
        let mut header =
            HeaderBuilder::new().schema(Some(schema.build())).description(Some(description)).build();
        // The builder has no `required`, but writes extensions beside its own members.
        header.extensions = Some(Extensions::from_iter([("required", self.required)]));
        header
    }
}

enum Kind {
    Count,
    Instant,
    Text,
}

fn meaning(name: &str) -> (Kind, &'static str) {
    match name {
        "X-Request-Id" => {
            (Kind::Text, "The id of the request: a ULID, the same as in the error body and in the logs.")
        }
        "X-RateLimit-Limit" => (Kind::Count, "Requests per second that the bucket allows."),
        "X-RateLimit-Remaining" => (Kind::Count, "Whole tokens left in the bucket after this request."),
        "X-RateLimit-Reset" => (Kind::Instant, "When the bucket is full again."),
        "RateLimit-Policy" => (
            Kind::Text,
            "The bucket, `\"org\"` or `\"client\"`: `q` tokens when full, which take `w` seconds to come back.",
        ),
        "RateLimit" => (
            Kind::Text,
            "The same bucket after this request: `r` tokens are left; after `t` seconds it is full, or has a token again.",
        ),
        "Retry-After" => (Kind::Count, "Whole seconds after which trying again makes sense."),
        "X-Quota-Turns-Used" => (Kind::Count, "Turns used in the billing period."),
        "X-Quota-Turns-Limit" => (
            Kind::Count,
            "Turns in a billing period. Absent when unlimited, and when nobody knows whose quota it is.",
        ),
        "X-Quota-Relationships-Active" => {
            (Kind::Count, "Distinct relationships active in the billing period.")
        }
        "X-Quota-Relationships-Limit" => (
            Kind::Count,
            "Relationships in a billing period. Absent when unlimited, and when nobody knows whose quota it is.",
        ),
        "X-Quota-Reset" => (Kind::Instant, "When the billing period and the quota roll over."),
        "Idempotency-Replayed" => {
            (Kind::Text, "`true` when the `Idempotency-Key` was sent before: this is the first answer again.")
        }
        "WWW-Authenticate" => (Kind::Text, "A Bearer challenge (RFC 6750)."),
        _ => (Kind::Text, "Where to go."),
    }
}
