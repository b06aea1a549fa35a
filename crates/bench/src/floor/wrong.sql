-- The statements of a verification with a wrong TOTP code, as the server sends them.
\set number random(0, :users - 1)
BEGIN;
SELECT * FROM factors WHERE organization_id = :organization AND environment = 'live' AND user_id = 'user-' || lpad(:number::text, 8, '0') FOR NO KEY UPDATE \gset
UPDATE factors SET totp_failures = :totp_failures::bigint + 1, totp_locked_until = NULL, failures_since = 1, recent_failures = :recent_failures::bigint + 1 WHERE organization_id = :organization AND environment = 'live' AND user_id = :user_id AND factor_id = :factor_id AND totp_failures = :totp_failures::bigint;
INSERT INTO audit_events (organization_id, id, environment, user_id, name, details, actor, request_id, address, happened_at) VALUES (:organization, to_char(clock_timestamp(), 'YYYYMMDDHH24MISSUS') || lpad(:client_id::text, 6, '0'), 'live', :user_id, 'two_factor.code_refused', '[["method","totp"],["reason","wrong"],["attempts_left","4"]]', 'user', :factor_id, '127.0.0.1', 1);
SELECT * FROM webhooks WHERE organization_id = :organization AND status = 'active';
COMMIT;
