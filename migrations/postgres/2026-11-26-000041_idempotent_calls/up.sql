-- Calls that came with an idempotency key: the claim while one runs, then its sealed answer. Name and request are SHA-256;
-- nothing that a caller wrote is kept in the clear. secrets_of is the user whose secrets the answer shows.
CREATE TABLE idempotent_calls (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    name BYTEA NOT NULL CHECK (length(name) = 32),
    request_digest BYTEA NOT NULL CHECK (length(request_digest) = 32),
    claim_id TEXT COLLATE "C" NOT NULL CHECK (length(claim_id) = 26),
    secrets_of TEXT COLLATE "C" CHECK (length(secrets_of) BETWEEN 1 AND 255),
    sealing_key_id BIGINT CHECK (sealing_key_id BETWEEN 0 AND 4294967295),
    sealed_answer BYTEA CHECK (length(sealed_answer) BETWEEN 1 AND 262144),
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, environment, name),
    CONSTRAINT idempotent_calls_sealing_key_id_with_answer CHECK ((sealed_answer IS NULL) = (sealing_key_id IS NULL))
);

CREATE INDEX idempotent_calls_by_expiry ON idempotent_calls (expires_at);
CREATE INDEX idempotent_calls_by_user ON idempotent_calls (organization_id, environment, secrets_of)
WHERE secrets_of IS NOT NULL;
