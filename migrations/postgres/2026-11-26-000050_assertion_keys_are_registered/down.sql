ALTER TABLE key_registry DISABLE TRIGGER key_registry_is_not_forgotten;
DELETE FROM key_registry WHERE purpose = 'assertion-signing';
ALTER TABLE key_registry
    ENABLE TRIGGER key_registry_is_not_forgotten,
    DROP CONSTRAINT key_registry_purpose_check,
    ADD CONSTRAINT key_registry_purpose_check CHECK (purpose IN ('sealing', 'pepper'));
