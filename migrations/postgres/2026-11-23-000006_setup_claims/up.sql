-- Who may run a set-up right now, and how many a user has begun within the present window.
CREATE TABLE setup_claims (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    user_id TEXT COLLATE "C" NOT NULL CHECK (length(user_id) BETWEEN 1 AND 255),
    claim_id TEXT COLLATE "C" CHECK (length(claim_id) = 26),
    lease_ends_at BIGINT,
    window_ends_at BIGINT NOT NULL,
    setups BIGINT NOT NULL CHECK (setups >= 0),
    PRIMARY KEY (organization_id, environment, user_id),
    CONSTRAINT setup_claims_claim_id_with_lease CHECK ((claim_id IS NULL) = (lease_ends_at IS NULL))
);

CREATE INDEX setup_claims_by_window ON setup_claims (window_ends_at);
