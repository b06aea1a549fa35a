DROP INDEX factors_by_state;
