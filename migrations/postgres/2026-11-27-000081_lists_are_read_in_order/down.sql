DROP INDEX audit_events_of_test;
DROP INDEX factors_by_sealing_key;
CREATE INDEX factors_by_sealing_key ON factors (sealing_key_id);
