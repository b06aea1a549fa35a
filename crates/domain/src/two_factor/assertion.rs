//! Step-up assertions: the signed word of Countersign that a user has just proven a second factor.

use std::time::Duration;

use crate::identity::{AssertionId, Subject};
use crate::time::Timestamp;

/// How long an assertion is good for.
pub const LIFETIME: Duration = Duration::from_mins(5);

/// How a factor was proven; the value of `amr`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// With a TOTP code.
    Totp,
    /// With a backup code.
    BackupCode,
}

impl Method {
    /// `totp` or `backup_code`, as answers and the audit trail name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::BackupCode => "backup_code",
        }
    }

    /// The authentication method reference (RFC 8176 has `otp`).
    pub const fn reference(self) -> &'static str {
        match self {
            Self::Totp => "otp",
            Self::BackupCode => "otp_backup",
        }
    }
}

/// What the caller binds an assertion to: 1 to 255 printable ASCII bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoundText(String);

/// The text is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is 1 to 255 printable ASCII characters")]
pub struct NotABoundText;

impl BoundText {
    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotABoundText> {
        let text = text.into();
        if crate::identity::is_printable_id(&text) { Ok(Self(text)) } else { Err(NotABoundText) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an assertion is for; both are the caller's own words and come back as claims.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AssertionBinding {
    /// What the user is about to do.
    pub purpose: Option<BoundText>,
    /// The transaction (RFC 8417, `txn`), for example a hash of what is to be paid.
    pub transaction: Option<BoundText>,
}

/// The content of an assertion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assertion {
    /// Its id; a receiver that wants single use remembers it until it has expired.
    pub id: AssertionId,
    /// Who has proven a factor.
    pub subject: Subject,
    /// How.
    pub method: Method,
    /// When.
    pub authenticated_at: Timestamp,
    /// Until when the assertion is good.
    pub expires_at: Timestamp,
    /// What it is for.
    pub binding: AssertionBinding,
}
