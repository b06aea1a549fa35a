-- Whom the organization's own servers are told by. The slot keeps their number within bounds, whoever makes them at the
-- same time.
CREATE TABLE webhooks (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    id TEXT NOT NULL CHECK (length(id) = 26),
    slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 15),
    url TEXT NOT NULL CHECK (length(url) BETWEEN 8 AND 2048),
    -- Patterns with one space between them.
    events TEXT NOT NULL CHECK (length(events) >= 1),
    description TEXT CHECK (length(description) BETWEEN 1 AND 200),
    status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'failing')),
    created_at INTEGER NOT NULL,
    secret_id TEXT NOT NULL CHECK (length(secret_id) = 26),
    secret_key_id INTEGER NOT NULL CHECK (secret_key_id BETWEEN 0 AND 4294967295),
    sealed_secret BLOB NOT NULL CHECK (length(sealed_secret) BETWEEN 1 AND 1024),
    old_secret_id TEXT CHECK (length(old_secret_id) = 26),
    old_secret_key_id INTEGER CHECK (old_secret_key_id BETWEEN 0 AND 4294967295),
    old_sealed_secret BLOB CHECK (length(old_sealed_secret) BETWEEN 1 AND 1024),
    old_secret_until INTEGER,
    PRIMARY KEY (organization_id, environment, id),
    UNIQUE (organization_id, environment, slot),
    CHECK ((old_secret_id IS NULL) = (old_secret_until IS NULL)),
    CHECK ((old_secret_key_id IS NULL) = (old_secret_until IS NULL)),
    CHECK ((old_sealed_secret IS NULL) = (old_secret_until IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX webhooks_by_secret_key ON webhooks (secret_key_id);
CREATE INDEX webhooks_by_old_secret_key ON webhooks (old_secret_key_id) WHERE old_secret_key_id IS NOT NULL;
CREATE INDEX webhooks_by_old_secret_until ON webhooks (old_secret_until) WHERE old_secret_until IS NOT NULL;

-- What is on the way to a webhook, and afterwards the log of it. While an attempt runs, next_attempt_at is the end of its
-- lease. There is no foreign key: a user's call, whose event is put here, must not fail because a webhook is being removed.
CREATE TABLE webhook_deliveries (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    webhook_id TEXT NOT NULL CHECK (length(webhook_id) = 26),
    event_id TEXT NOT NULL CHECK (length(event_id) = 26),
    event_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'abandoned')),
    queued_at INTEGER NOT NULL,
    next_attempt_at INTEGER,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    last_attempt_at INTEGER,
    last_status INTEGER CHECK (last_status BETWEEN 100 AND 999),
    last_failure TEXT,
    PRIMARY KEY (organization_id, environment, webhook_id, event_id),
    CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK ((last_attempt_at IS NULL) = (last_status IS NULL AND last_failure IS NULL)),
    CHECK (last_status IS NULL OR last_failure IS NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_due_by_webhook
ON webhook_deliveries (organization_id, environment, webhook_id, next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (queued_at);
