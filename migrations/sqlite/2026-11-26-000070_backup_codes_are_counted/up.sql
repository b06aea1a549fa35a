-- What kind of backup codes a factor has and how many of them are unused, beside the factor: whoever reads or changes it
-- needs no second table. Triggers count, so that a server of the version before counts, too.
ALTER TABLE factors ADD COLUMN backup_code_kind TEXT CHECK (backup_code_kind IN ('own', 'imported'));
ALTER TABLE factors ADD COLUMN unused_backup_codes INTEGER NOT NULL DEFAULT 0
    CHECK (unused_backup_codes BETWEEN 0 AND iif(backup_code_kind IS NULL, 0, 20));

UPDATE factors SET (backup_code_kind, unused_backup_codes) = (
    SELECT 'own', sum(used_at IS NULL) FROM backup_codes AS code
    WHERE code.organization_id = factors.organization_id AND code.environment = factors.environment
        AND code.user_id = factors.user_id
)
WHERE EXISTS (
    SELECT 1 FROM backup_codes AS code
    WHERE code.organization_id = factors.organization_id AND code.environment = factors.environment
        AND code.user_id = factors.user_id
);
UPDATE factors SET (backup_code_kind, unused_backup_codes) = (
    SELECT 'imported', sum(used_at IS NULL) FROM imported_backup_codes AS code
    WHERE code.organization_id = factors.organization_id AND code.environment = factors.environment
        AND code.user_id = factors.user_id
)
WHERE EXISTS (
    SELECT 1 FROM imported_backup_codes AS code
    WHERE code.organization_id = factors.organization_id AND code.environment = factors.environment
        AND code.user_id = factors.user_id
);

CREATE TRIGGER backup_codes_are_counted
AFTER INSERT ON backup_codes
BEGIN
    UPDATE factors SET backup_code_kind = 'own',
        unused_backup_codes = unused_backup_codes + (new.used_at IS NULL)
    WHERE organization_id = new.organization_id AND environment = new.environment AND user_id = new.user_id;
END;

CREATE TRIGGER imported_backup_codes_are_counted
AFTER INSERT ON imported_backup_codes
BEGIN
    UPDATE factors SET backup_code_kind = 'imported',
        unused_backup_codes = unused_backup_codes + (new.used_at IS NULL)
    WHERE organization_id = new.organization_id AND environment = new.environment AND user_id = new.user_id;
END;

CREATE TRIGGER used_backup_codes_are_counted
AFTER UPDATE OF used_at ON backup_codes
WHEN old.used_at IS NULL AND new.used_at IS NOT NULL
BEGIN
    UPDATE factors SET unused_backup_codes = unused_backup_codes - 1
    WHERE organization_id = new.organization_id AND environment = new.environment AND user_id = new.user_id;
END;

CREATE TRIGGER used_imported_backup_codes_are_counted
AFTER UPDATE OF used_at ON imported_backup_codes
WHEN old.used_at IS NULL AND new.used_at IS NOT NULL
BEGIN
    UPDATE factors SET unused_backup_codes = unused_backup_codes - 1
    WHERE organization_id = new.organization_id AND environment = new.environment AND user_id = new.user_id;
END;

-- Codes go together, and nobody removes one of a set.
CREATE TRIGGER removed_backup_code_sets_are_not_counted
AFTER DELETE ON backup_code_sets
BEGIN
    UPDATE factors SET unused_backup_codes = 0, backup_code_kind = NULL
    WHERE organization_id = old.organization_id AND environment = old.environment AND user_id = old.user_id;
END;

CREATE TRIGGER removed_imported_backup_codes_are_not_counted
AFTER DELETE ON imported_backup_codes
BEGIN
    UPDATE factors SET unused_backup_codes = 0, backup_code_kind = NULL
    WHERE organization_id = old.organization_id AND environment = old.environment AND user_id = old.user_id;
END;
