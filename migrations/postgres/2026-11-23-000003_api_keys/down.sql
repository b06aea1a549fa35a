DROP TABLE api_keys;
DROP FUNCTION refuse_change;
