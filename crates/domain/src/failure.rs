//! How a port says that it could not do its job.

use std::error::Error;

/// The cause of a [`PortFailure`], for the log and never for an answer.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A port could not do its job. Nothing is known of the outcome of the call, so it never means "no".
#[derive(Debug, thiserror::Error)]
pub enum PortFailure {
    /// The dependency cannot be used right now: unreachable, overloaded, timed out, or without the key that
    /// a stored value names. Trying later may help.
    #[error("unavailable")]
    Unavailable(#[source] Cause),
    /// What is stored breaks an invariant; somebody has to look at it.
    #[error("stored data is corrupt")]
    Corrupt(#[source] Cause),
    /// Any other fault of ours.
    #[error("unexpected fault")]
    Other(#[source] Cause),
}

impl PortFailure {
    /// [`PortFailure::Unavailable`] from anything that is an error or a message.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// [`PortFailure::Corrupt`] from anything that is an error or a message.
    pub fn corrupt(cause: impl Into<Cause>) -> Self {
        Self::Corrupt(cause.into())
    }

    /// [`PortFailure::Other`] from anything that is an error or a message.
    pub fn other(cause: impl Into<Cause>) -> Self {
        Self::Other(cause.into())
    }
}
