LOCK TABLE audit_events, audit_unsealed, audit_seals IN ACCESS EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION await_audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (organization_id, event_id, happened_at)
    VALUES (new.organization_id, new.id, new.happened_at);
    RETURN NULL;
END
$$;

ALTER TABLE audit_unsealed DROP COLUMN user_id;
DROP TRIGGER audit_seals_list_events_by_user ON audit_seals;
DROP FUNCTION list_audit_event_by_user;
DROP TABLE audit_events_by_user;
CREATE INDEX audit_events_by_user ON audit_events (organization_id, user_id, id) WHERE user_id IS NOT NULL;
