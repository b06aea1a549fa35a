-- The chain of hashes over each organization's trail: append-only.
CREATE TABLE audit_seals (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    number INTEGER NOT NULL CHECK (number >= 1),
    event_id TEXT NOT NULL CHECK (length(event_id) = 26),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (organization_id, number),
    UNIQUE (organization_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_seals_are_not_changed
BEFORE UPDATE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'audit seals are append-only');
END;

CREATE TRIGGER audit_seals_are_not_deleted
BEFORE DELETE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'audit seals are append-only');
END;

-- A number follows the one before. This also keeps INSERT OR REPLACE from deleting a seal past the trigger above.
CREATE TRIGGER audit_seals_follow_each_other
BEFORE INSERT ON audit_seals
WHEN new.number <> 1 + (
    SELECT coalesce(max(number), 0) FROM audit_seals WHERE organization_id = new.organization_id
)
BEGIN
    SELECT RAISE(ABORT, 'audit seals are append-only');
END;

-- The events that wait for their seal, so that nobody has to look for them in the whole trail.
CREATE TABLE audit_unsealed (
    organization_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, event_id)
) STRICT, WITHOUT ROWID;

INSERT INTO audit_unsealed (organization_id, event_id, happened_at)
SELECT organization_id, id, happened_at FROM audit_events;

CREATE TRIGGER audit_events_wait_for_their_seal
AFTER INSERT ON audit_events
BEGIN
    INSERT INTO audit_unsealed (organization_id, event_id, happened_at)
    VALUES (new.organization_id, new.id, new.happened_at);
END;
