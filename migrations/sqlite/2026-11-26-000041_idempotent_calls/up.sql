-- Calls that came with an idempotency key: the claim while one runs, then its sealed answer. Name and request are SHA-256;
-- nothing that a caller wrote is kept in the clear. secrets_of is the user whose secrets the answer shows.
CREATE TABLE idempotent_calls (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    name BLOB NOT NULL CHECK (length(name) = 32),
    request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
    claim_id TEXT NOT NULL CHECK (length(claim_id) = 26),
    secrets_of TEXT CHECK (length(secrets_of) BETWEEN 1 AND 255),
    sealing_key_id INTEGER CHECK (sealing_key_id BETWEEN 0 AND 4294967295),
    sealed_answer BLOB CHECK (length(sealed_answer) BETWEEN 1 AND 262144),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, environment, name),
    CHECK ((sealed_answer IS NULL) = (sealing_key_id IS NULL))
) STRICT;

CREATE INDEX idempotent_calls_by_expiry ON idempotent_calls (expires_at);
CREATE INDEX idempotent_calls_by_user ON idempotent_calls (organization_id, environment, secrets_of)
WHERE secrets_of IS NOT NULL;
