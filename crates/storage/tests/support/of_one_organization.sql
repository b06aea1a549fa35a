-- A transaction notes whose rows it writes. The argument is the column that names the organization.
CREATE FUNCTION refuse_second_organization() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose TEXT := coalesce(to_jsonb(new), to_jsonb(old)) ->> TG_ARGV[0];
    before TEXT := current_setting('test.organization', true);
BEGIN
    IF before <> '' AND before <> whose THEN
        RAISE EXCEPTION 'one transaction writes for % and %', before, whose;
    END IF;
    PERFORM set_config('test.organization', whose, true);
    RETURN NULL;
END
$$;

DO $$
DECLARE
    place record;
BEGIN
    FOR place IN
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND (column_name = 'organization_id' OR (table_name, column_name) = ('organizations', 'id'))
    LOOP
        EXECUTE format(
            'CREATE TRIGGER of_one_organization AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW
             EXECUTE FUNCTION refuse_second_organization(%L)',
            place.table_name, place.column_name
        );
    END LOOP;
END
$$;
