//! Closes a connection so that the other side can read the last reply.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long, and how much, is still read.
const LONGEST: Duration = Duration::from_secs(1);
const MOST: u64 = 256 * 1024;

/// Closes `stream` in the background. A socket that is closed while bytes of the other side are unread sends a reset,
/// and a reset destroys a reply that is on its way.
pub(super) fn close<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut stream: S, unsent: Vec<u8>) {
    let Ok(runtime) = Handle::try_current() else { return };
    drop(runtime.spawn(timeout(LONGEST, async move {
        stream.write_all(&unsent).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MOST), &mut tokio::io::sink()).await
    })));
}
