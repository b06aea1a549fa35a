-- What happened to whose second factor: append-only.
CREATE TABLE audit_events (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    id TEXT NOT NULL CHECK (length(id) = 26),
    environment TEXT CHECK (environment IN ('live', 'test')),
    user_id TEXT CHECK (length(user_id) BETWEEN 1 AND 255),
    name TEXT NOT NULL,
    -- A list of [name, text].
    details TEXT NOT NULL CHECK (json_valid(details)),
    actor TEXT NOT NULL,
    request_id TEXT CHECK (length(request_id) = 26),
    address TEXT,
    happened_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_events_are_not_changed
BEFORE UPDATE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'audit events are append-only');
END;

CREATE TRIGGER audit_events_are_not_deleted
BEFORE DELETE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'audit events are append-only');
END;

-- INSERT OR REPLACE would delete the old row without firing the trigger above.
CREATE TRIGGER audit_events_are_not_replaced
BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE organization_id = new.organization_id AND id = new.id)
BEGIN
    SELECT RAISE(ABORT, 'audit events are append-only');
END;
