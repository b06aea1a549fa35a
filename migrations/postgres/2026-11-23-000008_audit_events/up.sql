-- What happened to whose second factor: append-only.
CREATE TABLE audit_events (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    id TEXT COLLATE "C" NOT NULL CHECK (length(id) = 26),
    environment TEXT COLLATE "C" CHECK (environment IN ('live', 'test')),
    user_id TEXT COLLATE "C" CHECK (length(user_id) BETWEEN 1 AND 255),
    name TEXT COLLATE "C" NOT NULL,
    -- A list of [name, text].
    details TEXT COLLATE "C" NOT NULL CHECK (details::json IS NOT NULL),
    actor TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" CHECK (length(request_id) = 26),
    address TEXT COLLATE "C",
    happened_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id)
);

CREATE TRIGGER audit_events_are_not_changed
BEFORE UPDATE ON audit_events FOR EACH ROW
EXECUTE FUNCTION refuse_change('audit events are append-only');

CREATE TRIGGER audit_events_are_not_deleted
BEFORE DELETE ON audit_events FOR EACH ROW
EXECUTE FUNCTION refuse_change('audit events are append-only');

-- TRUNCATE fires no trigger of a row.
CREATE TRIGGER audit_events_are_not_truncated
BEFORE TRUNCATE ON audit_events
EXECUTE FUNCTION refuse_change('audit events are append-only');
