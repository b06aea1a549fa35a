-- A global look-up: the key itself tells whose it is. The sequence is the order in which keys were made.
CREATE TABLE api_keys (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 12 AND id NOT GLOB '*[^0-9A-Za-z]*'),
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON UPDATE RESTRICT ON DELETE RESTRICT,
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    scopes TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE INDEX api_keys_by_organization ON api_keys (organization_id, sequence);

CREATE TRIGGER api_keys_stay_revoked
BEFORE UPDATE OF revoked_at ON api_keys
WHEN old.revoked_at IS NOT NULL AND new.revoked_at IS NOT old.revoked_at
BEGIN
    SELECT RAISE(ABORT, 'the first revocation of an API key stays');
END;

CREATE TRIGGER api_keys_keep_their_identity
BEFORE UPDATE OF id, organization_id, environment, digest ON api_keys
BEGIN
    SELECT RAISE(ABORT, 'the identity of an API key never changes');
END;
