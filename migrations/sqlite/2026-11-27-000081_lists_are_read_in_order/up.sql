-- The secrets of one sealing key, in the order in which they are sealed anew.
DROP INDEX factors_by_sealing_key;
CREATE INDEX factors_by_sealing_key ON factors (sealing_key_id, organization_id, environment, user_id);
-- Events of test users, of which there may be few among many others.
CREATE INDEX audit_events_of_test ON audit_events (organization_id, id) WHERE environment = 'test';
