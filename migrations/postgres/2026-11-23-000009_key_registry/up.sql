-- The fingerprint of every key that was ever used; the first one for a name stays.
CREATE TABLE key_registry (
    purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('sealing', 'pepper')),
    key_id BIGINT NOT NULL CHECK (key_id BETWEEN 0 AND 4294967295),
    check_value BYTEA NOT NULL CHECK (length(check_value) = 16),
    PRIMARY KEY (purpose, key_id)
);

CREATE TRIGGER key_registry_is_not_changed
BEFORE UPDATE ON key_registry FOR EACH ROW
EXECUTE FUNCTION refuse_change('a registered key never changes');

CREATE TRIGGER key_registry_is_not_forgotten
BEFORE DELETE ON key_registry FOR EACH ROW
EXECUTE FUNCTION refuse_change('a registered key is never forgotten');

CREATE TRIGGER key_registry_is_not_truncated
BEFORE TRUNCATE ON key_registry
EXECUTE FUNCTION refuse_change('a registered key is never forgotten');
