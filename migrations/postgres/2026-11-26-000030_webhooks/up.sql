-- Whom the organization's own servers are told by. The slot keeps their number within bounds, whoever makes them at the
-- same time.
CREATE TABLE webhooks (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    id TEXT COLLATE "C" NOT NULL CHECK (length(id) = 26),
    slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 15),
    url TEXT COLLATE "C" NOT NULL CHECK (length(url) BETWEEN 8 AND 2048),
    -- Patterns with one space between them.
    events TEXT COLLATE "C" NOT NULL CHECK (length(events) >= 1),
    description TEXT COLLATE "C" CHECK (length(description) BETWEEN 1 AND 200),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('active', 'paused', 'failing')),
    created_at BIGINT NOT NULL,
    secret_id TEXT COLLATE "C" NOT NULL CHECK (length(secret_id) = 26),
    secret_key_id BIGINT NOT NULL CHECK (secret_key_id BETWEEN 0 AND 4294967295),
    sealed_secret BYTEA NOT NULL CHECK (length(sealed_secret) BETWEEN 1 AND 1024),
    old_secret_id TEXT COLLATE "C" CHECK (length(old_secret_id) = 26),
    old_secret_key_id BIGINT CHECK (old_secret_key_id BETWEEN 0 AND 4294967295),
    old_sealed_secret BYTEA CHECK (length(old_sealed_secret) BETWEEN 1 AND 1024),
    old_secret_until BIGINT,
    PRIMARY KEY (organization_id, environment, id),
    UNIQUE (organization_id, environment, slot),
    CONSTRAINT webhooks_old_secret_id_until CHECK ((old_secret_id IS NULL) = (old_secret_until IS NULL)),
    CONSTRAINT webhooks_old_secret_key_id_until CHECK ((old_secret_key_id IS NULL) = (old_secret_until IS NULL)),
    CONSTRAINT webhooks_old_sealed_secret_until CHECK ((old_sealed_secret IS NULL) = (old_secret_until IS NULL))
);

CREATE INDEX webhooks_by_secret_key ON webhooks (secret_key_id);
CREATE INDEX webhooks_by_old_secret_key ON webhooks (old_secret_key_id) WHERE old_secret_key_id IS NOT NULL;
CREATE INDEX webhooks_by_old_secret_until ON webhooks (old_secret_until) WHERE old_secret_until IS NOT NULL;

-- What is on the way to a webhook, and afterwards the log of it. While an attempt runs, next_attempt_at is the end of its
-- lease. There is no foreign key: a user's call, whose event is put here, must not fail because a webhook is being removed.
CREATE TABLE webhook_deliveries (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    webhook_id TEXT COLLATE "C" NOT NULL CHECK (length(webhook_id) = 26),
    event_id TEXT COLLATE "C" NOT NULL CHECK (length(event_id) = 26),
    event_name TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'delivered', 'abandoned')),
    queued_at BIGINT NOT NULL,
    next_attempt_at BIGINT,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    last_attempt_at BIGINT,
    last_status INTEGER CHECK (last_status BETWEEN 100 AND 999),
    last_failure TEXT COLLATE "C",
    PRIMARY KEY (organization_id, environment, webhook_id, event_id),
    CONSTRAINT webhook_deliveries_next_attempt_at_while_pending CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT webhook_deliveries_last_attempt_at_with_outcome CHECK ((last_attempt_at IS NULL) = (last_status IS NULL AND last_failure IS NULL)),
    CONSTRAINT webhook_deliveries_last_status_or_failure CHECK (last_status IS NULL OR last_failure IS NULL)
);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_due_by_webhook
ON webhook_deliveries (organization_id, environment, webhook_id, next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (queued_at);
