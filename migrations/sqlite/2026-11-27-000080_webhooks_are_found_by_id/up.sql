-- The poll for webhooks that have something due goes from one webhook to the next, however much waits for each.
CREATE INDEX webhooks_by_id ON webhooks (id);
DROP INDEX webhook_deliveries_due;
DROP INDEX webhook_deliveries_due_by_webhook;
CREATE INDEX webhook_deliveries_due_by_webhook
ON webhook_deliveries (webhook_id, next_attempt_at) WHERE state = 'pending';
