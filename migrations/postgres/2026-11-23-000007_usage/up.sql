-- What an organization has used in a billing period, live and test apart.
CREATE TABLE usage_counters (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    period_start BIGINT NOT NULL,
    turns BIGINT NOT NULL CHECK (turns >= 0),
    active_relationships BIGINT NOT NULL CHECK (active_relationships >= 0),
    PRIMARY KEY (organization_id, environment, period_start)
);

-- A relationship counts once in a period.
CREATE TABLE active_relationships (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    period_start BIGINT NOT NULL,
    relationship_id TEXT COLLATE "C" NOT NULL CHECK (length(relationship_id) BETWEEN 1 AND 255),
    PRIMARY KEY (organization_id, environment, period_start, relationship_id)
);

-- An event counts once for ever.
CREATE TABLE usage_events (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    event_id TEXT COLLATE "C" NOT NULL CHECK (length(event_id) BETWEEN 1 AND 255),
    happened_at BIGINT NOT NULL,
    period_start BIGINT NOT NULL,
    turns BIGINT CHECK (turns BETWEEN 0 AND 4294967295),
    relationship_id TEXT COLLATE "C" CHECK (length(relationship_id) BETWEEN 1 AND 255),
    PRIMARY KEY (organization_id, environment, event_id),
    CONSTRAINT usage_events_turns_or_relationship CHECK ((turns IS NULL) <> (relationship_id IS NULL))
);
