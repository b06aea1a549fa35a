//! Delivers webhooks beside the API.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::webhooks::deliver::DeliverWebhooks;
use countersign_domain::webhooks::webhook::WebhookKey;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, timeout};

/// How often the outbox is looked at: one step in an index. Every node does so for itself, so that an event need not find
/// the node that has time for it.
const EVERY: Duration = Duration::from_millis(500);
/// How many webhooks are served at the same time, one attempt each: a receiver that hangs takes one place of these.
const AT_ONCE: usize = 16;
/// How many deliveries a webhook gets before others have their turn.
const IN_A_ROW: u32 = 20;
/// How long running attempts may go on when the server stops. What is not finished then is tried again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Deliveries that run beside the server.
pub(super) struct Delivering {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Delivering {
    /// Starts to deliver.
    pub(super) fn start(webhooks: Arc<DeliverWebhooks>) -> Self {
        let (stop, stopping) = watch::channel(false);
        Self { stop, task: tokio::spawn(for_ever(webhooks, stopping)) }
    }

    /// Begins no more attempts, and lets those that run finish.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        if timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn for_ever(webhooks: Arc<DeliverWebhooks>, mut stopping: watch::Receiver<bool>) {
    let mut running: JoinSet<WebhookKey> = JoinSet::new();
    let mut busy: HashSet<WebhookKey> = HashSet::new();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopping.changed() => break,
        }
        while let Some(ended) = running.try_join_next() {
            match ended {
                Ok(webhook) => drop(busy.remove(&webhook)),
                // Whose place it was is not known any more.
                Err(lost) => tracing::error!(error = &lost as &dyn Error, "a delivery was lost"),
            }
        }
        if running.is_empty() {
            busy.clear();
        }
        // Enough to find one that is not busy for each free place.
        let limit = u32::try_from(2 * AT_ONCE).unwrap_or(u32::MAX);
        match webhooks.due(limit).await {
            Ok(mut due) => {
                due.retain(|webhook| !busy.contains(webhook));
                due.truncate(AT_ONCE.saturating_sub(running.len()));
                for webhook in due {
                    busy.insert(webhook);
                    running.spawn(serve(webhooks.clone(), webhook, stopping.clone()));
                }
            }
            Err(error) => tracing::warn!(error = &error as &dyn Error, "webhooks wait"),
        }
    }
    while running.join_next().await.is_some() {}
}

/// Delivers to one webhook, one event after the other.
async fn serve(
    webhooks: Arc<DeliverWebhooks>,
    webhook: WebhookKey,
    stopping: watch::Receiver<bool>,
) -> WebhookKey {
    let id = webhook.id;
    for _ in 0..IN_A_ROW {
        if *stopping.borrow() {
            break;
        }
        match webhooks.one(&webhook).await {
            Ok(Some((outcome, state))) => {
                tracing::debug!(webhook = %id, ?outcome, state = state.as_str(), "tried to deliver");
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(webhook = %id, error = &error as &dyn Error, "a delivery waits");
                break;
            }
        }
    }
    webhook
}
