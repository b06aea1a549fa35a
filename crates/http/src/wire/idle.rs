//! How long a connection may be idle.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep};

use super::progress::Phase;
use crate::settings::Timeouts;

/// The time between an answer and the next request: so much until its first byte, and so much more until its head is
/// complete.
pub(super) struct Idle {
    timer: Pin<Box<Sleep>>,
    state: Running,
    timeouts: Timeouts,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Running {
    Not,
    UntilFirstByte,
    UntilHead,
}

impl Idle {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        Self { timer: Box::pin(sleep(timeouts.keep_alive)), state: Running::Not, timeouts }
    }

    /// Ready when the connection has been idle for too long.
    pub(super) fn poll(&mut self, phase: Phase, cx: &mut Context<'_>) -> Poll<()> {
        match (phase, self.state) {
            (Phase::Fresh | Phase::Serving, _) => {
                self.state = Running::Not;
                return Poll::Pending;
            }
            (Phase::Between, Running::Not) => {
                self.state = Running::UntilFirstByte;
                self.timer.as_mut().reset(Instant::now() + self.timeouts.keep_alive);
            }
            (Phase::Between, Running::UntilFirstByte | Running::UntilHead) => {}
        }
        if self.timer.is_elapsed() { Poll::Ready(()) } else { self.timer.as_mut().poll(cx) }
    }

    /// Bytes have come.
    pub(super) fn heard(&mut self) {
        if self.state == Running::UntilFirstByte {
            self.state = Running::UntilHead;
            let deadline = self.timer.deadline().min(Instant::now() + self.timeouts.head);
            self.timer.as_mut().reset(deadline);
        }
    }
}
