-- One set of backup codes for each factor; it goes when the factor goes.
CREATE TABLE backup_code_sets (
    organization_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    set_id TEXT NOT NULL CHECK (length(set_id) = 26),
    pepper_key_id INTEGER NOT NULL CHECK (pepper_key_id BETWEEN 0 AND 4294967295),
    PRIMARY KEY (organization_id, environment, user_id),
    FOREIGN KEY (organization_id, environment, user_id)
        REFERENCES factors (organization_id, environment, user_id) ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX backup_code_sets_by_pepper ON backup_code_sets (pepper_key_id);

CREATE TABLE backup_codes (
    organization_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 9),
    hash TEXT NOT NULL CHECK (length(hash) = 60 AND hash GLOB '$2[aby]$[0-9][0-9]$*'),
    used_at INTEGER,
    PRIMARY KEY (organization_id, environment, user_id, slot),
    FOREIGN KEY (organization_id, environment, user_id)
        REFERENCES backup_code_sets (organization_id, environment, user_id)
        ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TRIGGER backup_codes_stay_used
BEFORE UPDATE OF used_at ON backup_codes
WHEN old.used_at IS NOT NULL AND new.used_at IS NOT old.used_at
BEGIN
    SELECT RAISE(ABORT, 'a used backup code stays used');
END;
