DROP TABLE turn_answers;
DROP TABLE usage_accounts;

CREATE TABLE active_relationships (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    period_start INTEGER NOT NULL,
    relationship_id TEXT NOT NULL CHECK (length(relationship_id) BETWEEN 1 AND 255),
    PRIMARY KEY (organization_id, environment, period_start, relationship_id)
) STRICT, WITHOUT ROWID;

INSERT INTO active_relationships
SELECT p.organization_id, p.environment, p.period_start, r.relationship_id
FROM usage_periods AS p
JOIN relationships AS r
    ON r.organization_id = p.organization_id AND r.environment = p.environment
    AND r.first_period <= p.period_start AND (r.last_period IS NULL OR r.last_period >= p.period_start);

CREATE TABLE usage_counters (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    period_start INTEGER NOT NULL,
    turns INTEGER NOT NULL CHECK (turns >= 0),
    active_relationships INTEGER NOT NULL CHECK (active_relationships >= 0),
    PRIMARY KEY (organization_id, environment, period_start)
) STRICT, WITHOUT ROWID;

INSERT INTO usage_counters
SELECT p.organization_id, p.environment, p.period_start, p.turns_recorded + p.turns_consumed, (
    SELECT count(*) FROM active_relationships AS a
    WHERE a.organization_id = p.organization_id AND a.environment = p.environment
        AND a.period_start = p.period_start
)
FROM usage_periods AS p;

DROP TABLE relationships;
DROP TABLE usage_periods;
