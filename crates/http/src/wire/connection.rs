//! A connection as actix-http sees it.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::bare_reply;
use super::idle::Idle;
use super::linger;
use super::progress::Progress;
use super::replies::Replies;
use crate::settings::Timeouts;

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
                if !this.progress.is_body_pending() {
                    this.pending = this.replies.instead_of(&bare);
                }
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
