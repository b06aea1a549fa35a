-- Backup codes that came with a factor of another system, as the hashes that it kept. They go when the factor goes or gets
-- a set of ours: it never has both.
CREATE TABLE imported_backup_codes (
    organization_id TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 19),
    hash TEXT COLLATE "C" NOT NULL CHECK (length(hash) = 60 AND hash ~ '^\$2[aby]\$[0-9][0-9]\$'),
    used_at BIGINT,
    PRIMARY KEY (organization_id, environment, user_id, number),
    FOREIGN KEY (organization_id, environment, user_id)
        REFERENCES factors (organization_id, environment, user_id) ON UPDATE RESTRICT ON DELETE CASCADE
);

CREATE TRIGGER imported_backup_codes_stay_used
BEFORE UPDATE OF used_at ON imported_backup_codes FOR EACH ROW
WHEN (old.used_at IS NOT NULL AND new.used_at IS DISTINCT FROM old.used_at)
EXECUTE FUNCTION refuse_change('a used backup code stays used');

CREATE FUNCTION refuse_second_kind_of_backup_codes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    has_other BOOLEAN;
BEGIN
    -- The argument names the table of the other kind.
    EXECUTE format(
        'SELECT EXISTS (SELECT 1 FROM %I WHERE organization_id = $1 AND environment = $2 AND user_id = $3)',
        TG_ARGV[0]
    ) INTO has_other USING new.organization_id, new.environment, new.user_id;
    IF has_other THEN
        RAISE EXCEPTION USING
            MESSAGE = 'a factor has one kind of backup codes', ERRCODE = 'restrict_violation';
    END IF;
    RETURN new;
END
$$;

CREATE TRIGGER imported_backup_codes_stand_alone
BEFORE INSERT ON imported_backup_codes FOR EACH ROW
EXECUTE FUNCTION refuse_second_kind_of_backup_codes('backup_code_sets');

CREATE TRIGGER backup_code_sets_stand_alone
BEFORE INSERT ON backup_code_sets FOR EACH ROW
EXECUTE FUNCTION refuse_second_kind_of_backup_codes('imported_backup_codes');
