//! The codes of the error envelope, each with its type.

/// What went wrong, for programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ErrorCode {
    ValidationError,
    AuthenticationError,
    TokenExpired,
    InvalidToken,
    PermissionDenied,
    NotFound,
    MethodNotAllowed,
    Conflict,
    InvalidCode,
    RateLimitExceeded,
    QuotaExhausted,
    InternalError,
    ServiceUnavailable,
}

impl ErrorCode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ValidationError => "validation_error",
            Self::AuthenticationError => "authentication_error",
            Self::TokenExpired => "token_expired",
            Self::InvalidToken => "invalid_token",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::InvalidCode => "invalid_code",
            Self::RateLimitExceeded => "rate_limit_exceeded",
            Self::QuotaExhausted => "quota_exhausted",
            Self::InternalError => "internal_error",
            Self::ServiceUnavailable => "service_unavailable",
        }
    }

    /// The class of the code.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::ValidationError | Self::InvalidCode => "validation",
            Self::AuthenticationError | Self::TokenExpired | Self::InvalidToken => "authentication",
            Self::PermissionDenied => "permission",
            Self::NotFound | Self::MethodNotAllowed => "not_found",
            Self::Conflict => "conflict",
            Self::RateLimitExceeded => "rate_limit",
            Self::QuotaExhausted => "quota",
            Self::InternalError | Self::ServiceUnavailable => "server",
        }
    }
}
