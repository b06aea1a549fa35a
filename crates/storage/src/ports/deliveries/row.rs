//! A delivery as a row.

use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::webhooks::delivery::{
    AttemptOutcome, Delivery, DeliveryState, LastAttempt, SendFailure,
};
use countersign_domain::webhooks::webhook::WebhookKey;
use diesel::prelude::*;

use crate::column::{corrupt, number, parse, present, time};
use crate::ports::webhooks::{KeyColumns, key_columns};
use crate::schema::webhook_deliveries;

pub(super) const PENDING: &str = "pending";
const DELIVERED: &str = DeliveryState::Delivered.as_str();
const ABANDONED: &str = DeliveryState::Abandoned.as_str();

/// A row of `webhook_deliveries`, in the order of its columns.
#[derive(Queryable, Insertable)]
#[diesel(table_name = webhook_deliveries, treat_none_as_default_value = false)]
pub(super) struct DeliveryRow {
    organization_id: String,
    environment: String,
    webhook_id: String,
    event_id: String,
    event_name: String,
    state: String,
    queued_at: i64,
    next_attempt_at: Option<i64>,
    attempts: i32,
    last_attempt_at: Option<i64>,
    last_status: Option<i32>,
    last_failure: Option<String>,
}

/// What belongs to one webhook.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn of_webhook<'a>(key: &'a KeyColumns) -> _ {
    let (organization, environment, webhook): (&'a str, &'a str, &'a str) = (&key.0, key.1, &key.2);
    webhook_deliveries::organization_id
        .eq(organization)
        .and(webhook_deliveries::environment.eq(environment))
        .and(webhook_deliveries::webhook_id.eq(webhook))
}

impl DeliveryRow {
    /// A delivery that is due at once.
    pub(super) fn queued(webhook: &WebhookKey, event: &AuditEvent) -> Self {
        let (organization_id, environment, webhook_id) = key_columns(webhook);
        Self {
            organization_id,
            environment: environment.to_owned(),
            webhook_id,
            event_id: event.id.to_string(),
            event_name: event.event.name().to_owned(),
            state: PENDING.to_owned(),
            queued_at: event.at.as_micros(),
            next_attempt_at: Some(event.at.as_micros()),
            attempts: 0,
            last_attempt_at: None,
            last_status: None,
            last_failure: None,
        }
    }

    pub(super) fn into_delivery(self) -> Result<Delivery, PortFailure> {
        let outcome = self.outcome()?;
        let state = match self.state.as_str() {
            PENDING => {
                let next = present("webhook_deliveries.next_attempt_at", self.next_attempt_at)?;
                DeliveryState::Pending { next_attempt_at: time(next) }
            }
            DELIVERED => DeliveryState::Delivered,
            ABANDONED => DeliveryState::Abandoned,
            _ => return Err(corrupt("webhook_deliveries.state")),
        };
        Ok(Delivery {
            event: parse("webhook_deliveries.event_id", &self.event_id)?,
            name: self.event_name,
            queued_at: time(self.queued_at),
            attempts: number("webhook_deliveries.attempts", self.attempts)?,
            last: self
                .last_attempt_at
                .zip(outcome)
                .map(|(at, outcome)| LastAttempt { at: time(at), outcome }),
            state,
        })
    }

    fn outcome(&self) -> Result<Option<AttemptOutcome>, PortFailure> {
        match (self.last_status, &self.last_failure) {
            (Some(status), _) => {
                Ok(Some(AttemptOutcome::Answered(number("webhook_deliveries.last_status", status)?)))
            }
            (None, Some(failure)) => {
                let failure = SendFailure::parse(failure);
                let failure = failure.ok_or_else(|| corrupt("webhook_deliveries.last_failure"))?;
                Ok(Some(AttemptOutcome::Failed(failure)))
            }
            (None, None) => Ok(None),
        }
    }
}
