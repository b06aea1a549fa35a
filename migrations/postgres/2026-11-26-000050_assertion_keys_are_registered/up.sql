-- Keys that sign assertions are registered too, so that no two nodes use different ones under one name.
ALTER TABLE key_registry
    DROP CONSTRAINT key_registry_purpose_check,
    ADD CONSTRAINT key_registry_purpose_check CHECK (purpose IN ('sealing', 'pepper', 'assertion-signing'));
