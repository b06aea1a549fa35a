-- Who may run a set-up right now, and how many a user has begun within the present window.
CREATE TABLE setup_claims (
    organization_id TEXT NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    user_id TEXT NOT NULL CHECK (length(user_id) BETWEEN 1 AND 255),
    claim_id TEXT CHECK (length(claim_id) = 26),
    lease_ends_at INTEGER,
    window_ends_at INTEGER NOT NULL,
    setups INTEGER NOT NULL CHECK (setups >= 0),
    PRIMARY KEY (organization_id, environment, user_id),
    CHECK ((claim_id IS NULL) = (lease_ends_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX setup_claims_by_window ON setup_claims (window_ends_at);
