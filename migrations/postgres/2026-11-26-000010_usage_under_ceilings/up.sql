-- What an organization has used in a billing period, live and test apart. Turns of recorded events and turns that calls
-- consumed stand apart, because only the former can be counted again. A relationship is counted where it begins and where it
-- ends: the active ones of a period are all that have begun until then less all that have ended before, so that nothing
-- has to run at the turn of a period.
CREATE TABLE usage_periods (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    period_start BIGINT NOT NULL,
    turns_recorded BIGINT NOT NULL CHECK (turns_recorded >= 0),
    turns_consumed BIGINT NOT NULL CHECK (turns_consumed >= 0),
    relationships_begun BIGINT NOT NULL CHECK (relationships_begun >= 0),
    relationships_ended BIGINT NOT NULL CHECK (relationships_ended >= 0),
    PRIMARY KEY (organization_id, environment, period_start)
);

INSERT INTO usage_periods
SELECT organization_id, environment, period_start, turns, 0, active_relationships, active_relationships
FROM usage_counters;
DROP TABLE usage_counters;

-- From which billing period to which one a relationship is active; while it is, there is no last one. The spans of one
-- relationship do not overlap.
CREATE TABLE relationships (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    relationship_id TEXT COLLATE "C" NOT NULL CHECK (length(relationship_id) BETWEEN 1 AND 255),
    first_period BIGINT NOT NULL,
    last_period BIGINT CONSTRAINT relationships_last_period CHECK (last_period >= first_period),
    PRIMARY KEY (organization_id, environment, relationship_id, first_period)
);

INSERT INTO relationships
SELECT organization_id, environment, relationship_id, period_start, period_start FROM active_relationships;
DROP TABLE active_relationships;

-- The row that calls which change relationships or record events hold, so that they follow each other.
CREATE TABLE usage_accounts (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    changes BIGINT NOT NULL CHECK (changes >= 1),
    PRIMARY KEY (organization_id, environment)
);

-- What callers were told whose turns are counted, by their idempotency keys.
CREATE TABLE turn_answers (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    idempotency_key TEXT COLLATE "C" NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    turns BIGINT NOT NULL CHECK (turns BETWEEN 1 AND 4294967295),
    turns_used BIGINT NOT NULL CONSTRAINT turn_answers_turns_used CHECK (turns_used >= turns),
    turns_limit BIGINT CONSTRAINT turn_answers_turns_limit CHECK (turns_limit >= turns_used),
    relationships_active BIGINT NOT NULL CHECK (relationships_active >= 0),
    relationships_limit BIGINT CHECK (relationships_limit >= 0),
    period_start BIGINT NOT NULL,
    period_end BIGINT NOT NULL CONSTRAINT turn_answers_period_end CHECK (period_end > period_start),
    kept_until BIGINT NOT NULL,
    PRIMARY KEY (organization_id, environment, idempotency_key)
);

CREATE INDEX turn_answers_by_end ON turn_answers (kept_until);
