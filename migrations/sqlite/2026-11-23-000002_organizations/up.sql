-- Times are microseconds since 1970-01-01T00:00:00Z in every table.
CREATE TABLE organizations (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    plan_id TEXT NOT NULL REFERENCES plans (id) ON UPDATE RESTRICT ON DELETE RESTRICT,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    anchor_day INTEGER NOT NULL CHECK (anchor_day BETWEEN 1 AND 31),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX organizations_by_plan ON organizations (plan_id);
