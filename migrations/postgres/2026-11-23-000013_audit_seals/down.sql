DROP TRIGGER audit_events_wait_for_their_seal ON audit_events;
DROP FUNCTION await_audit_seal;
DROP TABLE audit_unsealed;
DROP TABLE audit_seals;
DROP FUNCTION refuse_gap_in_audit_seals;
