use std::sync::Mutex;

use async_trait::async_trait;
use countersign_domain::webhooks::delivery::AttemptOutcome;
use countersign_domain::webhooks::delivery_ports::{Message, WebhookSender};

/// Sends nothing: keeps every message, and answers as it was told to.
#[derive(Debug)]
pub struct ScriptedSender {
    outcome: Mutex<AttemptOutcome>,
    sent: Mutex<Vec<Message>>,
}

impl ScriptedSender {
    /// Every attempt ends so.
    pub const fn answering(outcome: AttemptOutcome) -> Self {
        Self { outcome: Mutex::new(outcome), sent: Mutex::new(Vec::new()) }
    }

    /// From now on every attempt ends so.
    pub fn answer(&self, outcome: AttemptOutcome) {
        *self.outcome.lock().unwrap() = outcome;
    }

    /// Takes what was sent since the last call.
    pub fn sent(&self) -> Vec<Message> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

#[async_trait]
impl WebhookSender for ScriptedSender {
    async fn send(&self, message: Message) -> AttemptOutcome {
        self.sent.lock().unwrap().push(message);
        *self.outcome.lock().unwrap()
    }
}
