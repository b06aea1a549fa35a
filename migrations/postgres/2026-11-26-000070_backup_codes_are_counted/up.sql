-- What kind of backup codes a factor has and how many of them are unused, beside the factor: whoever reads or changes it
-- needs no second table. Triggers count, so that a server of the version before counts, too.
ALTER TABLE factors ADD COLUMN backup_code_kind TEXT COLLATE "C" CHECK (backup_code_kind IN ('own', 'imported'));
ALTER TABLE factors ADD COLUMN unused_backup_codes INTEGER NOT NULL DEFAULT 0
    CONSTRAINT factors_unused_backup_codes
    CHECK (unused_backup_codes BETWEEN 0 AND CASE WHEN backup_code_kind IS NULL THEN 0 ELSE 20 END);

UPDATE factors SET backup_code_kind = counted.kind, unused_backup_codes = counted.unused
FROM (
    SELECT organization_id, environment, user_id, 'own' AS kind, count(*) FILTER (WHERE used_at IS NULL) AS unused
    FROM backup_codes GROUP BY organization_id, environment, user_id
    UNION ALL
    SELECT organization_id, environment, user_id, 'imported', count(*) FILTER (WHERE used_at IS NULL)
    FROM imported_backup_codes GROUP BY organization_id, environment, user_id
) AS counted
WHERE factors.organization_id = counted.organization_id AND factors.environment = counted.environment
    AND factors.user_id = counted.user_id;

-- The argument is the kind.
CREATE FUNCTION count_backup_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE factors SET backup_code_kind = TG_ARGV[0],
        unused_backup_codes = unused_backup_codes + (new.used_at IS NULL)::INTEGER
    WHERE organization_id = new.organization_id AND environment = new.environment AND user_id = new.user_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_used_backup_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE factors SET unused_backup_codes = unused_backup_codes - 1
    WHERE organization_id = new.organization_id AND environment = new.environment AND user_id = new.user_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_no_backup_codes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE factors SET backup_code_kind = NULL, unused_backup_codes = 0
    WHERE organization_id = old.organization_id AND environment = old.environment AND user_id = old.user_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER backup_codes_are_counted
AFTER INSERT ON backup_codes FOR EACH ROW EXECUTE FUNCTION count_backup_code('own');

CREATE TRIGGER imported_backup_codes_are_counted
AFTER INSERT ON imported_backup_codes FOR EACH ROW EXECUTE FUNCTION count_backup_code('imported');

CREATE TRIGGER used_backup_codes_are_counted
AFTER UPDATE OF used_at ON backup_codes FOR EACH ROW
WHEN (old.used_at IS NULL AND new.used_at IS NOT NULL)
EXECUTE FUNCTION count_used_backup_code();

CREATE TRIGGER used_imported_backup_codes_are_counted
AFTER UPDATE OF used_at ON imported_backup_codes FOR EACH ROW
WHEN (old.used_at IS NULL AND new.used_at IS NOT NULL)
EXECUTE FUNCTION count_used_backup_code();

-- Codes go together, and nobody removes one of a set.
CREATE TRIGGER removed_backup_code_sets_are_not_counted
AFTER DELETE ON backup_code_sets FOR EACH ROW EXECUTE FUNCTION count_no_backup_codes();

CREATE TRIGGER removed_imported_backup_codes_are_not_counted
AFTER DELETE ON imported_backup_codes FOR EACH ROW EXECUTE FUNCTION count_no_backup_codes();
