-- The chain of hashes over each organization's trail: append-only.
CREATE TABLE audit_seals (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    number BIGINT NOT NULL CHECK (number >= 1),
    event_id TEXT COLLATE "C" NOT NULL CHECK (length(event_id) = 26),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (organization_id, number),
    UNIQUE (organization_id, event_id)
);

CREATE TRIGGER audit_seals_are_not_changed
BEFORE UPDATE ON audit_seals FOR EACH ROW
EXECUTE FUNCTION refuse_change('audit seals are append-only');

CREATE TRIGGER audit_seals_are_not_deleted
BEFORE DELETE ON audit_seals FOR EACH ROW
EXECUTE FUNCTION refuse_change('audit seals are append-only');

CREATE TRIGGER audit_seals_are_not_truncated
BEFORE TRUNCATE ON audit_seals
EXECUTE FUNCTION refuse_change('audit seals are append-only');

-- A number follows the one before. Of two that follow the same one, the primary key refuses the second.
CREATE FUNCTION refuse_gap_in_audit_seals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.number > 1 + (
        SELECT coalesce(max(number), 0) FROM audit_seals WHERE organization_id = new.organization_id
    ) THEN
        RAISE EXCEPTION USING MESSAGE = 'audit seals are append-only', ERRCODE = 'restrict_violation';
    END IF;
    RETURN new;
END
$$;

CREATE TRIGGER audit_seals_follow_each_other
BEFORE INSERT ON audit_seals FOR EACH ROW
EXECUTE FUNCTION refuse_gap_in_audit_seals();

-- The events that wait for their seal, so that nobody has to look for them in the whole trail.
CREATE TABLE audit_unsealed (
    organization_id TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    happened_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, event_id)
);

INSERT INTO audit_unsealed (organization_id, event_id, happened_at)
SELECT organization_id, id, happened_at FROM audit_events;

CREATE FUNCTION await_audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (organization_id, event_id, happened_at)
    VALUES (new.organization_id, new.id, new.happened_at);
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_events_wait_for_their_seal
AFTER INSERT ON audit_events FOR EACH ROW
EXECUTE FUNCTION await_audit_seal();
