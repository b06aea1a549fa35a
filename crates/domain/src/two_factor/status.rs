//! What a caller may know of a second factor.

use std::sync::Arc;

use super::factor::{EnabledFactor, Factor};
use super::ports::{FactorStore, StoredFactor};
use crate::failure::PortFailure;
use crate::identity::Subject;
use crate::time::{Clock, Timestamp};

/// The state of a second factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TwoFactorStatus {
    /// There is none.
    Disabled,
    /// A set-up waits for its first code.
    Pending {
        /// From this instant on it is gone.
        expires_at: Timestamp,
    },
    /// It is in force.
    Enabled {
        /// Since when.
        enabled_at: Timestamp,
        /// Unused backup codes.
        backup_codes_remaining: u8,
        /// Until when no TOTP code is looked at; `None` also when that lock does not lift by itself.
        locked_until: Option<Timestamp>,
    },
}

impl TwoFactorStatus {
    /// The status right after the factor was stored, with so many backup codes.
    pub(crate) fn just_enabled(factor: &EnabledFactor, backup_codes: usize) -> Self {
        let all = u8::try_from(backup_codes).unwrap_or(u8::MAX);
        Self::Enabled { enabled_at: factor.enabled_at, backup_codes_remaining: all, locked_until: None }
    }

    fn of(stored: StoredFactor, now: Timestamp) -> Self {
        match stored.factor {
            Factor::Pending(pending) if pending.is_expired(now) => Self::Disabled,
            Factor::Pending(pending) => Self::Pending { expires_at: pending.expires_at },
            Factor::Enabled(enabled) => Self::Enabled {
                enabled_at: enabled.enabled_at,
                backup_codes_remaining: stored.backup_codes.unused(),
                locked_until: enabled.totp_attempts.locked_until.filter(|until| *until > now),
            },
        }
    }
}

/// The use case: what is the state of a subject's second factor?
pub struct ReadStatus {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The factors.
    pub factors: Arc<dyn FactorStore>,
}

impl ReadStatus {
    /// The status now; a set-up that has expired counts as none.
    pub async fn of(&self, subject: &Subject) -> Result<TwoFactorStatus, PortFailure> {
        let stored = self.factors.find(subject).await?;
        Ok(stored.map_or(TwoFactorStatus::Disabled, |stored| TwoFactorStatus::of(stored, self.clock.now())))
    }
}
