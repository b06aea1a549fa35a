-- What one user did, without the rest of the organization's trail: written when an event is sealed, many at a time. An index
-- made every call write to a place of its own.
DROP INDEX audit_events_by_user;

CREATE TABLE audit_events_by_user (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    user_id TEXT NOT NULL CHECK (length(user_id) BETWEEN 1 AND 255),
    event_id TEXT NOT NULL CHECK (length(event_id) = 26),
    PRIMARY KEY (organization_id, user_id, event_id)
) STRICT, WITHOUT ROWID;

INSERT INTO audit_events_by_user (organization_id, user_id, event_id)
SELECT audit_events.organization_id, audit_events.user_id, audit_events.id
FROM audit_events JOIN audit_seals
    ON audit_seals.organization_id = audit_events.organization_id AND audit_seals.event_id = audit_events.id
WHERE audit_events.user_id IS NOT NULL
ORDER BY 1, 2, 3;

CREATE TRIGGER audit_events_by_user_are_not_changed
BEFORE UPDATE ON audit_events_by_user
BEGIN
    SELECT RAISE(ABORT, 'the list of a user''s audit events is append-only');
END;

CREATE TRIGGER audit_events_by_user_are_not_deleted
BEFORE DELETE ON audit_events_by_user
BEGIN
    SELECT RAISE(ABORT, 'the list of a user''s audit events is append-only');
END;

-- INSERT OR REPLACE would delete the old row without firing the trigger above.
CREATE TRIGGER audit_events_by_user_are_not_replaced
BEFORE INSERT ON audit_events_by_user
WHEN EXISTS (
    SELECT 1 FROM audit_events_by_user
    WHERE organization_id = new.organization_id AND user_id = new.user_id AND event_id = new.event_id
)
BEGIN
    SELECT RAISE(ABORT, 'the list of a user''s audit events is append-only');
END;

-- A trigger, so that a server of an older version that seals fills the list as well.
CREATE TRIGGER audit_seals_list_events_by_user
AFTER INSERT ON audit_seals
BEGIN
    INSERT INTO audit_events_by_user (organization_id, user_id, event_id)
    SELECT organization_id, user_id, id FROM audit_events
    WHERE organization_id = new.organization_id AND id = new.event_id AND user_id IS NOT NULL;
END;

-- Until then a user's events are found among those that wait.
ALTER TABLE audit_unsealed ADD COLUMN user_id TEXT;

UPDATE audit_unsealed SET user_id = (
    SELECT user_id FROM audit_events
    WHERE organization_id = audit_unsealed.organization_id AND id = audit_unsealed.event_id
);

DROP TRIGGER audit_events_wait_for_their_seal;

CREATE TRIGGER audit_events_wait_for_their_seal
AFTER INSERT ON audit_events
BEGIN
    INSERT INTO audit_unsealed (organization_id, event_id, happened_at, user_id)
    VALUES (new.organization_id, new.id, new.happened_at, new.user_id);
END;
