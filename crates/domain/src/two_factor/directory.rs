//! Which users of an organization have a second factor, and how many.
//!
//! Only factors are kept, never users: somebody who never began a set-up, and somebody whose factor was removed, are
//! both unknown here.

use async_trait::async_trait;

use crate::failure::PortFailure;
use crate::identity::{Environment, OrganizationId, UserId};
use crate::time::Timestamp;

/// Lists and counts users by their factors.
///
/// Duty: a pending factor that has expired counts as none.
#[async_trait]
pub trait UserDirectory: Send + Sync {
    /// The users that `query` asks for, by ascending id, byte for byte.
    async fn page(&self, query: UserQuery) -> Result<Vec<ListedUser>, PortFailure>;

    /// How many users of an organization have a factor at `now`, in one environment.
    async fn coverage(
        &self,
        organization: OrganizationId,
        environment: Environment,
        now: Timestamp,
    ) -> Result<Coverage, PortFailure>;
}

/// Which users of an organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserQuery {
    /// Whose users.
    pub organization: OrganizationId,
    /// In which environment.
    pub environment: Environment,
    /// Only those whose factor is in this state.
    pub state: Option<FactorState>,
    /// The present instant.
    pub now: Timestamp,
    /// Only those that come after this id.
    pub after: Option<UserId>,
    /// At most this many.
    pub limit: u32,
}

/// The state of a factor, without what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactorState {
    /// A set-up waits for its first code.
    Pending,
    /// It is in force.
    Enabled,
}

/// A user who has a factor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedUser {
    /// Who.
    pub user: UserId,
    /// What is listed of the factor.
    pub factor: ListedFactor,
}

/// What is listed of a factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListedFactor {
    /// A set-up waits for its first code.
    Pending {
        /// From this instant on it is gone.
        expires_at: Timestamp,
    },
    /// It is in force.
    Enabled {
        /// Since when.
        enabled_at: Timestamp,
    },
}

/// How many users have a factor.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Coverage {
    /// Whose factor is in force.
    pub enabled: u64,
    /// Whose set-up waits for its first code.
    pub pending: u64,
}

impl Coverage {
    /// How many of `users` have no factor; none when there are more factors than that.
    pub const fn disabled_of(self, users: u64) -> u64 {
        users.saturating_sub(self.enabled).saturating_sub(self.pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_no_factor_is_disabled() {
        let coverage = Coverage { enabled: 7, pending: 2 };
        let disabled = [10, 9, 8, 0, u64::MAX].map(|users| coverage.disabled_of(users));
        assert_eq!(disabled, [1, 0, 0, 0, u64::MAX - 9]);
    }
}
