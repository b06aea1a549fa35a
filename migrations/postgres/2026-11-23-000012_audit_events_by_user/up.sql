-- What one user did, without the rest of the organization's trail.
CREATE INDEX audit_events_by_user ON audit_events (organization_id, user_id, id) WHERE user_id IS NOT NULL;
