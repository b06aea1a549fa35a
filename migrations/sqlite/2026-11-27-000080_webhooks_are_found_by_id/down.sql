DROP INDEX webhook_deliveries_due_by_webhook;
CREATE INDEX webhook_deliveries_due_by_webhook
ON webhook_deliveries (organization_id, environment, webhook_id, next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE state = 'pending';
DROP INDEX webhooks_by_id;
