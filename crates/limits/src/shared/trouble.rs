//! Why the shared store is not used.

use std::time::Duration;

/// Whatever it is, the answer is the same: this process limits on its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The store cannot be reached, refuses, or speaks another language.
    #[error(transparent)]
    Store(#[from] redis::RedisError),
    /// It does not answer.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// What it answers is not what the script says.
    #[error("the answer is not that of a bucket")]
    Nonsense,
}

/// Waits no longer than `deadline`.
pub(crate) async fn within<T>(
    deadline: Duration,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    tokio::time::timeout(deadline, work).await.unwrap_or(Err(Trouble::Late(deadline)))
}
