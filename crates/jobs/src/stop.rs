//! How a job is asked to stop.

use tokio::sync::watch;

/// Asks a job to stop after the step that it is at.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Whether a job is asked to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// A stopper with what it stops.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Asks now, and tells whether it is the first time; there is no way back.
    pub fn stop(&self) -> bool {
        !self.0.send_replace(true)
    }
}

impl Stop {
    /// Whether it has been asked.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is asked; for ever when the [`Stopper`] is gone without having asked.
    pub async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_copy_is_asked() {
        let (stopper, mut stop) = Stopper::new();
        let copy = stop.clone();
        assert!(!stop.is_asked());
        assert!(stopper.stop());
        assert!(!stopper.stop());
        assert!(copy.is_asked());
        stop.asked().await;
    }
}
