-- Backup codes that came with a factor of another system, as the hashes that it kept. They go when the factor goes or gets
-- a set of ours: it never has both.
CREATE TABLE imported_backup_codes (
    organization_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 19),
    hash TEXT NOT NULL CHECK (length(hash) = 60 AND hash GLOB '$2[aby]$[0-9][0-9]$*'),
    used_at INTEGER,
    PRIMARY KEY (organization_id, environment, user_id, number),
    FOREIGN KEY (organization_id, environment, user_id)
        REFERENCES factors (organization_id, environment, user_id) ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TRIGGER imported_backup_codes_stay_used
BEFORE UPDATE OF used_at ON imported_backup_codes
WHEN old.used_at IS NOT NULL AND new.used_at IS NOT old.used_at
BEGIN
    SELECT RAISE(ABORT, 'a used backup code stays used');
END;

CREATE TRIGGER imported_backup_codes_stand_alone
BEFORE INSERT ON imported_backup_codes
WHEN EXISTS (
    SELECT 1 FROM backup_code_sets
    WHERE organization_id = new.organization_id AND environment = new.environment AND user_id = new.user_id
)
BEGIN
    SELECT RAISE(ABORT, 'a factor has one kind of backup codes');
END;

CREATE TRIGGER backup_code_sets_stand_alone
BEFORE INSERT ON backup_code_sets
WHEN EXISTS (
    SELECT 1 FROM imported_backup_codes
    WHERE organization_id = new.organization_id AND environment = new.environment AND user_id = new.user_id
)
BEGIN
    SELECT RAISE(ABORT, 'a factor has one kind of backup codes');
END;
