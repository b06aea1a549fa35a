-- At most one factor for each user of an organization in an environment. Wrong codes are counted beside it, TOTP and backup
-- codes apart, so that the counters live and go with the factor.
CREATE TABLE factors (
    organization_id TEXT COLLATE "C" NOT NULL CHECK (length(organization_id) = 26),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('live', 'test')),
    user_id TEXT COLLATE "C" NOT NULL CHECK (length(user_id) BETWEEN 1 AND 255),
    factor_id TEXT COLLATE "C" NOT NULL CHECK (length(factor_id) = 26),
    sealing_key_id BIGINT NOT NULL CHECK (sealing_key_id BETWEEN 0 AND 4294967295),
    sealed_secret BYTEA NOT NULL CHECK (length(sealed_secret) BETWEEN 1 AND 1024),
    algorithm TEXT COLLATE "C" NOT NULL CHECK (algorithm IN ('SHA1', 'SHA256', 'SHA512')),
    digits INTEGER NOT NULL CHECK (digits BETWEEN 6 AND 8),
    period_seconds INTEGER NOT NULL CHECK (period_seconds BETWEEN 15 AND 60),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'enabled')),
    setup_id TEXT COLLATE "C" CHECK (length(setup_id) = 26),
    expires_at BIGINT,
    attempts INTEGER CHECK (attempts BETWEEN 0 AND 255),
    enabled_at BIGINT,
    last_step BIGINT CHECK (last_step >= 0),
    totp_failures BIGINT NOT NULL DEFAULT 0 CHECK (totp_failures >= 0),
    totp_locked_until BIGINT,
    backup_code_failures BIGINT NOT NULL DEFAULT 0 CHECK (backup_code_failures >= 0),
    backup_codes_locked_until BIGINT,
    PRIMARY KEY (organization_id, environment, user_id),
    CONSTRAINT factors_state_with_setup_id CHECK ((state = 'pending') = (setup_id IS NOT NULL)),
    CONSTRAINT factors_state_with_expires_at CHECK ((state = 'pending') = (expires_at IS NOT NULL)),
    CONSTRAINT factors_state_with_attempts CHECK ((state = 'pending') = (attempts IS NOT NULL)),
    CONSTRAINT factors_state_with_enabled_at CHECK ((state = 'enabled') = (enabled_at IS NOT NULL)),
    CONSTRAINT factors_state_with_last_step CHECK ((state = 'enabled') = (last_step IS NOT NULL))
);

CREATE INDEX factors_by_expiry ON factors (expires_at) WHERE state = 'pending';
CREATE INDEX factors_by_sealing_key ON factors (sealing_key_id);

-- RFC 6238, section 5.2: a step that was accepted is never accepted again, whatever a stale writer believes.
CREATE TRIGGER factors_never_forget_a_step
BEFORE UPDATE OF last_step ON factors FOR EACH ROW
WHEN (old.last_step IS NOT NULL AND (new.last_step IS NULL OR new.last_step < old.last_step))
EXECUTE FUNCTION refuse_change('the last accepted step of a factor never becomes smaller');

CREATE TRIGGER factors_never_become_pending_again
BEFORE UPDATE OF state ON factors FOR EACH ROW
WHEN (old.state = 'enabled' AND new.state <> 'enabled')
EXECUTE FUNCTION refuse_change('an enabled factor never becomes pending again');
