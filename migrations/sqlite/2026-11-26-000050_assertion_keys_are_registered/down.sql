CREATE TABLE key_registry_copy AS SELECT purpose, key_id, check_value FROM key_registry;
DROP TABLE key_registry;
CREATE TABLE key_registry (
    purpose TEXT NOT NULL CHECK (purpose IN ('sealing', 'pepper')),
    key_id INTEGER NOT NULL CHECK (key_id BETWEEN 0 AND 4294967295),
    check_value BLOB NOT NULL CHECK (length(check_value) = 16),
    PRIMARY KEY (purpose, key_id)
) STRICT, WITHOUT ROWID;
INSERT INTO key_registry (purpose, key_id, check_value)
SELECT purpose, key_id, check_value FROM key_registry_copy WHERE purpose <> 'assertion-signing';
DROP TABLE key_registry_copy;

CREATE TRIGGER key_registry_is_not_changed
BEFORE UPDATE ON key_registry
BEGIN
    SELECT RAISE(ABORT, 'a registered key never changes');
END;

CREATE TRIGGER key_registry_is_not_forgotten
BEFORE DELETE ON key_registry
BEGIN
    SELECT RAISE(ABORT, 'a registered key is never forgotten');
END;
