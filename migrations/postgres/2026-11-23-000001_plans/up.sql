-- How fast an organization may call, and how much it may use. A ceiling that is NULL is unlimited.
-- Texts are compared byte by byte (COLLATE "C") in every table, as the code does.
CREATE TABLE plans (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64 AND id ~ '^[a-z0-9_-]*$'),
    requests_per_second BIGINT NOT NULL CHECK (requests_per_second BETWEEN 1 AND 4294967295),
    burst BIGINT NOT NULL CHECK (burst BETWEEN 1 AND 4294967295),
    turns BIGINT CHECK (turns >= 0),
    relationships BIGINT CHECK (relationships >= 0),
    security_calls_exempt BOOLEAN NOT NULL
);

INSERT INTO plans (id, requests_per_second, burst, turns, relationships, security_calls_exempt)
VALUES
    ('free', 10, 20, 1000, 100, false),
    ('pro', 50, 100, 50000, 5000, false),
    ('scale', 200, 400, 1000000, 100000, false),
    ('enterprise', 1000, 2000, NULL, NULL, false);
