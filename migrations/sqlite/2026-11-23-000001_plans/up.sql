-- How fast an organization may call, and how much it may use. A ceiling that is NULL is unlimited.
CREATE TABLE plans (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^a-z0-9_-]*'),
    requests_per_second INTEGER NOT NULL CHECK (requests_per_second BETWEEN 1 AND 4294967295),
    burst INTEGER NOT NULL CHECK (burst BETWEEN 1 AND 4294967295),
    turns INTEGER CHECK (turns >= 0),
    relationships INTEGER CHECK (relationships >= 0),
    security_calls_exempt INTEGER NOT NULL CHECK (security_calls_exempt IN (0, 1))
) STRICT, WITHOUT ROWID;

INSERT INTO plans (id, requests_per_second, burst, turns, relationships, security_calls_exempt)
VALUES
    ('free', 10, 20, 1000, 100, 0),
    ('pro', 50, 100, 50000, 5000, 0),
    ('scale', 200, 400, 1000000, 100000, 0),
    ('enterprise', 1000, 2000, NULL, NULL, 0);
