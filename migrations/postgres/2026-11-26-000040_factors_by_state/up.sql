-- How many users of an organization have a factor in a state, and which, without the rest of the factors.
CREATE INDEX factors_by_state ON factors (organization_id, environment, state, user_id);
