//! A connection as actix-http sees it.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::bare_reply::{self, BareReply};
use super::idle::Idle;
use super::linger;
use super::progress::Progress;
use crate::settings::Timeouts;

/// Makes what takes the place of a bare reply.
pub(crate) type Replies = Rc<dyn Fn(&BareReply) -> Vec<u8>>;

/// A stream whose bare replies are replaced, and which does not wait for ever.
pub(crate) struct Connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    /// Taken when the connection is dropped.
    stream: Option<S>,
    replies: Replies,
    progress: Progress,
    idle: Idle,
    /// What takes the place of a bare reply and is not sent yet.
    pending: Vec<u8>,
    /// Whether a bare reply was replaced: then nothing comes after it.
    replaced: bool,
    /// Runs while the other side takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    timeouts: Timeouts,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Connection<S> {
    pub(crate) fn new(stream: S, replies: Replies, timeouts: Timeouts) -> Self {
        Self {
            stream: Some(stream),
            replies,
            progress: Progress::new(),
            idle: Idle::new(timeouts),
            pending: Vec::new(),
            replaced: false,
            stalled: None,
            timeouts,
        }
    }

    /// What its requests tell it.
    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn stream(&mut self) -> io::Result<Pin<&mut S>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Writes to the stream; fails when it has taken nothing for too long.
    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = self.stream()?.poll_write(cx, bytes);
        if sent.is_ready() {
            self.stalled = None;
            return sent;
        }
        let limit = self.timeouts.keep_alive;
        let timer = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_send_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let pending = std::mem::take(&mut self.pending);
            let sent = self.poll_send(cx, &pending);
            self.pending = pending;
            let count = ready!(sent)?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.drain(..count.min(self.pending.len()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncRead for Connection<S> {
    /// The end of the stream, as soon as the connection has been idle for too long.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.idle.poll(this.progress.phase(), cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(this.stream()?.poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            this.idle.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncWrite for Connection<S> {
    /// Everything before a bare reply goes out as it is. The bare reply itself is taken only when it comes first, as a
    /// whole; actix-http writes it to its buffer as a whole, so it never comes in parts.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_send_pending(cx))?;
        match bare_reply::find(bytes) {
            None => this.poll_send(cx, bytes),
            Some(bare) if bare.start > 0 => this.poll_send(cx, bytes.get(..bare.start).unwrap_or(bytes)),
            Some(bare) => {
                this.replaced = true;
                this.pending = (this.replies)(&bare);
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send_pending(cx))?;
        // An answer was written: from here on the connection is idle, and has to wake up when that lasts too long.
        if this.idle.poll(this.progress.phase(), cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        this.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send_pending(cx))?;
        this.stream()?.poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Drop for Connection<S> {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take().filter(|_| self.replaced) {
            linger::close(stream, std::mem::take(&mut self.pending));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nx-request-id: 1\r\ncontent-length: 2\r\n\r\n{}";
    const BARE: &[u8] = b"HTTP/1.1 431 Too Large\r\ncontent-length: 0\r\ndate: D\r\n\r\n";

    fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S) -> Connection<S> {
        let replies: Replies = Rc::new(|bare| format!("[instead of {}]", bare.status).into_bytes());
        Connection::new(stream, replies, Timeouts::default())
    }

    /// What arrives of `written` when only `room` bytes fit into the stream at a time.
    async fn arrives(written: &[u8], room: usize) -> String {
        let (ours, mut theirs) = duplex(room);
        let mut connection = connection(ours);
        let write = async {
            connection.write_all(written).await.unwrap();
            connection.flush().await.unwrap();
            connection.shutdown().await.unwrap();
            drop(connection);
        };
        let mut arrived = String::new();
        let ((), read) = tokio::join!(write, theirs.read_to_string(&mut arrived));
        read.unwrap();
        arrived
    }

    #[tokio::test]
    async fn a_bare_reply_is_replaced_however_little_fits_at_a_time() {
        let answer = String::from_utf8_lossy(ANSWER);
        for room in [1, 2, 3, 7, 64, 4_096] {
            assert_eq!(arrives(BARE, room).await, "[instead of 431]");
            let both = [ANSWER, BARE].concat();
            assert_eq!(arrives(&both, room).await, format!("{answer}[instead of 431]"));
            assert_eq!(arrives(ANSWER, room).await, answer);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn between_requests_the_stream_ends_after_a_while() {
        let (ours, _theirs) = duplex(64);
        let mut connection = connection(ours);
        drop(connection.progress().serve());
        let began = tokio::time::Instant::now();
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(began.elapsed().as_secs(), 15);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_has_begun_has_less_time() {
        let (ours, mut theirs) = duplex(64);
        let mut connection = connection(ours);
        drop(connection.progress().serve());
        theirs.write_all(b"G").await.unwrap();
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 1);
        let began = tokio::time::Instant::now();
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(began.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_side_that_takes_nothing_is_not_waited_for() {
        let (ours, _theirs) = duplex(4);
        let mut connection = connection(ours);
        let error = connection.write_all(b"more than four").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
