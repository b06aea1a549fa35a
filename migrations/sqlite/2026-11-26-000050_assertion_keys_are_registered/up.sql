-- Keys that sign assertions are registered too, so that no two nodes use different ones under one name. SQLite changes a CHECK
-- only by way of another table.
CREATE TABLE key_registry_copy AS SELECT purpose, key_id, check_value FROM key_registry;
DROP TABLE key_registry;
CREATE TABLE key_registry (
    purpose TEXT NOT NULL CHECK (purpose IN ('sealing', 'pepper', 'assertion-signing')),
    key_id INTEGER NOT NULL CHECK (key_id BETWEEN 0 AND 4294967295),
    check_value BLOB NOT NULL CHECK (length(check_value) = 16),
    PRIMARY KEY (purpose, key_id)
) STRICT, WITHOUT ROWID;
INSERT INTO key_registry (purpose, key_id, check_value)
SELECT purpose, key_id, check_value FROM key_registry_copy;
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
