//! Takes a changed key ring while serving.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;

use crate::wiring::ServedKeys;

/// How often the file is looked at; a change is to be in force within 5 seconds.
const EVERY: Duration = Duration::from_secs(1);

/// SIGHUP, from now on.
pub(super) fn hang_ups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Looks at the file every second, and at SIGHUP. A ring that cannot be used is logged once, and the one before stays in
/// force.
pub(super) async fn for_ever(mut keys: ServedKeys, mut hang_ups: Signal) {
    let mut seconds = tokio::time::interval(EVERY);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut logged = None;
    loop {
        tokio::select! {
            _ = seconds.tick() => {}
            _ = hang_ups.recv() => {
                logged = None;
                keys.forget();
            }
        }
        match keys.take_change().await {
            Ok(false) => {}
            Ok(true) => {
                logged = None;
                tracing::info!("the changed key ring is in force");
            }
            Err(error) => {
                let error = format!("{error:#}");
                if logged.as_ref() != Some(&error) {
                    tracing::error!(
                        error,
                        "the changed key ring cannot be used; the one before stays in force"
                    );
                    logged = Some(error);
                }
            }
        }
    }
}
