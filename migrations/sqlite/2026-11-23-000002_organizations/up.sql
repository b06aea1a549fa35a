-- Times are microseconds since 1970-01-01T00:00:00Z in every table.
CREATE TABLE organizations (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    plan_id TEXT NOT NULL REFERENCES plans (id) ON UPDATE RESTRICT ON DELETE RESTRICT,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    anchor_day INTEGER NOT NULL CHECK (anchor_day BETWEEN 1 AND 31),
    created_at INTEGER NOT NULL,
    -- What it asks of its users' second factors; the bounds keep guessing hopeless.
    require_2fa INTEGER NOT NULL CHECK (require_2fa IN (0, 1)),
    enforce_after INTEGER,
    max_attempts INTEGER NOT NULL CHECK (max_attempts BETWEEN 3 AND 10),
    lock_seconds INTEGER NOT NULL CHECK (lock_seconds BETWEEN 30 AND 3600),
    code_digits INTEGER NOT NULL CHECK (code_digits IN (6, 8))
) STRICT, WITHOUT ROWID;

CREATE INDEX organizations_by_plan ON organizations (plan_id);
