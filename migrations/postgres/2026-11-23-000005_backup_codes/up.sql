-- One set of backup codes for each factor; it goes when the factor goes.
CREATE TABLE backup_code_sets (
    organization_id TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    set_id TEXT COLLATE "C" NOT NULL CHECK (length(set_id) = 26),
    pepper_key_id BIGINT NOT NULL CHECK (pepper_key_id BETWEEN 0 AND 4294967295),
    PRIMARY KEY (organization_id, environment, user_id),
    FOREIGN KEY (organization_id, environment, user_id)
        REFERENCES factors (organization_id, environment, user_id) ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE INDEX backup_code_sets_by_pepper ON backup_code_sets (pepper_key_id);

CREATE TABLE backup_codes (
    organization_id TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 9),
    hash TEXT COLLATE "C" NOT NULL CHECK (length(hash) = 60 AND hash ~ '^\$2[aby]\$[0-9][0-9]\$'),
    used_at BIGINT,
    PRIMARY KEY (organization_id, environment, user_id, slot),
    FOREIGN KEY (organization_id, environment, user_id)
        REFERENCES backup_code_sets (organization_id, environment, user_id)
        ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE TRIGGER backup_codes_stay_used
BEFORE UPDATE OF used_at ON backup_codes FOR EACH ROW
WHEN (old.used_at IS NOT NULL AND new.used_at IS DISTINCT FROM old.used_at)
EXECUTE FUNCTION refuse_change('a used backup code stays used');
