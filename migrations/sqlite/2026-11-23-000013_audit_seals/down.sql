DROP TRIGGER audit_events_wait_for_their_seal;
DROP TABLE audit_unsealed;
DROP TABLE audit_seals;
