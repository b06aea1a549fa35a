//! What must work for the service to be ready.

use async_trait::async_trait;

use crate::failure::PortFailure;

/// Something the service needs to do its work, or to do it well.
///
/// Duty: `check` finds out whether the dependency can be used *now* (for a database, whether it can be
/// written to) and returns within a second.
#[async_trait]
pub trait Dependency: Send + Sync {
    /// A short stable name, such as `database`.
    fn name(&self) -> &'static str;

    /// Whether the service does its work without it, only less well.
    fn is_dispensable(&self) -> bool {
        false
    }

    /// Whether it can be used.
    async fn check(&self) -> Result<(), PortFailure>;
}
