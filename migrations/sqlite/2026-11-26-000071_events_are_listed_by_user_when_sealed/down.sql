DROP TRIGGER audit_events_wait_for_their_seal;

CREATE TRIGGER audit_events_wait_for_their_seal
AFTER INSERT ON audit_events
BEGIN
    INSERT INTO audit_unsealed (organization_id, event_id, happened_at)
    VALUES (new.organization_id, new.id, new.happened_at);
END;

ALTER TABLE audit_unsealed DROP COLUMN user_id;
DROP TRIGGER audit_seals_list_events_by_user;
DROP TABLE audit_events_by_user;
CREATE INDEX audit_events_by_user ON audit_events (organization_id, user_id, id) WHERE user_id IS NOT NULL;
