-- What an organization has used in a billing period, live and test apart.
CREATE TABLE usage_counters (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    period_start INTEGER NOT NULL,
    turns INTEGER NOT NULL CHECK (turns >= 0),
    active_relationships INTEGER NOT NULL CHECK (active_relationships >= 0),
    PRIMARY KEY (organization_id, environment, period_start)
) STRICT, WITHOUT ROWID;

-- A relationship counts once in a period.
CREATE TABLE active_relationships (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    period_start INTEGER NOT NULL,
    relationship_id TEXT NOT NULL CHECK (length(relationship_id) BETWEEN 1 AND 255),
    PRIMARY KEY (organization_id, environment, period_start, relationship_id)
) STRICT, WITHOUT ROWID;

-- An event counts once for ever.
CREATE TABLE usage_events (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    event_id TEXT NOT NULL CHECK (length(event_id) BETWEEN 1 AND 255),
    happened_at INTEGER NOT NULL,
    period_start INTEGER NOT NULL,
    turns INTEGER CHECK (turns BETWEEN 0 AND 4294967295),
    relationship_id TEXT CHECK (length(relationship_id) BETWEEN 1 AND 255),
    PRIMARY KEY (organization_id, environment, event_id),
    CHECK ((turns IS NULL) <> (relationship_id IS NULL))
) STRICT, WITHOUT ROWID;
