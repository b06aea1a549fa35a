-- The statements of a verification with a right TOTP code, as the server sends them.
\set number random(0, :users - 1)
BEGIN;
SELECT * FROM factors WHERE organization_id = :organization AND environment = 'live' AND user_id = 'user-' || lpad(:number::text, 8, '0') FOR NO KEY UPDATE \gset
UPDATE factors SET last_step = :last_step::bigint + 1, totp_failures = 0, totp_locked_until = NULL WHERE organization_id = :organization AND environment = 'live' AND user_id = :user_id AND factor_id = :factor_id AND last_step < :last_step::bigint + 1;
INSERT INTO audit_events (organization_id, id, environment, user_id, name, details, actor, request_id, address, happened_at) VALUES (:organization, to_char(clock_timestamp(), 'YYYYMMDDHH24MISSUS') || lpad(:client_id::text, 6, '0'), 'live', :user_id, 'two_factor.verified', '[["method","totp"]]', 'user', :factor_id, '127.0.0.1', 1);
SELECT * FROM webhooks WHERE organization_id = :organization AND status = 'active';
COMMIT;
