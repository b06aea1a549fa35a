//! The codes of the error envelope, each with its type.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! error_codes {
    ($($name:ident => $text:literal, $kind:literal;)+) => {
        /// What went wrong, for programs.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum ErrorCode {
            $($name),+
        }

        impl ErrorCode {
            /// All codes.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As it is written.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),+
                }
            }

            /// The class of the code.
            pub(crate) const fn kind(self) -> &'static str {
                match self {
                    $(Self::$name => $kind),+
                }
            }
        }
    };
}

error_codes! {
    ValidationError => "validation_error", "validation";
    AuthenticationError => "authentication_error", "authentication";
    TokenExpired => "token_expired", "authentication";
    InvalidToken => "invalid_token", "authentication";
    PermissionDenied => "permission_denied", "permission";
    NotFound => "not_found", "not_found";
    MethodNotAllowed => "method_not_allowed", "not_found";
    Conflict => "conflict", "conflict";
    InvalidCode => "invalid_code", "validation";
    FactorLocked => "factor_locked", "locked";
    RateLimitExceeded => "rate_limit_exceeded", "rate_limit";
    QuotaExhausted => "quota_exhausted", "quota";
    InternalError => "internal_error", "server";
    ServiceUnavailable => "service_unavailable", "server";
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let values = Self::ALL.iter().map(|code| code.as_str());
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values));
        schema.description(Some("What went wrong, for programs.")).into()
    }
}

impl ToSchema for ErrorCode {
    fn name() -> Cow<'static, str> {
        "ErrorCode".into()
    }
}
