-- The statements of a verification with a wrong TOTP code, as the server sends them.
\set number random(0, :users - 1)
BEGIN;
UPDATE factors SET totp_failures = totp_failures + 1 WHERE organization_id = :organization AND environment = 'live' AND user_id = 'user-' || lpad(:number::text, 8, '0') AND state = 'enabled' AND totp_failures < 1000000000 AND (totp_locked_until IS NULL OR totp_locked_until <= 1) RETURNING factors.* \gset
UPDATE factors SET failures_since = CASE WHEN failures_since IS NULL OR failures_since <= 0 THEN 1 ELSE failures_since END, recent_failures = CASE WHEN failures_since IS NULL OR failures_since <= 0 THEN 1 ELSE recent_failures + 1 END WHERE organization_id = :organization AND environment = 'live' AND user_id = :user_id AND state = 'enabled' RETURNING failures_since, recent_failures;
INSERT INTO audit_events (organization_id, id, environment, user_id, name, details, actor, request_id, address, happened_at) VALUES (:organization, to_char(clock_timestamp(), 'YYYYMMDDHH24MISSUS') || lpad(:client_id::text, 6, '0'), 'live', :user_id, 'two_factor.code_refused', '[["method","totp"],["reason","wrong"],["attempts_left","4"]]', 'user', :factor_id, '127.0.0.1', 1);
SELECT * FROM webhooks WHERE organization_id = :organization AND status = 'active';
COMMIT;
