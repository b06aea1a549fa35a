-- Times are microseconds since 1970-01-01T00:00:00Z in every table.
CREATE TABLE organizations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(id) = 26),
    name TEXT COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    plan_id TEXT COLLATE "C" NOT NULL REFERENCES plans (id) ON UPDATE RESTRICT ON DELETE RESTRICT,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('active', 'suspended')),
    anchor_day INTEGER NOT NULL CHECK (anchor_day BETWEEN 1 AND 31),
    created_at BIGINT NOT NULL,
    -- What it asks of its users' second factors; the bounds keep guessing hopeless.
    require_2fa BOOLEAN NOT NULL,
    enforce_after BIGINT,
    max_attempts INTEGER NOT NULL CHECK (max_attempts BETWEEN 3 AND 10),
    lock_seconds INTEGER NOT NULL CHECK (lock_seconds BETWEEN 30 AND 3600),
    code_digits INTEGER NOT NULL CHECK (code_digits IN (6, 8))
);

CREATE INDEX organizations_by_plan ON organizations (plan_id);
