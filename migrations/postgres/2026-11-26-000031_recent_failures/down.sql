ALTER TABLE factors DROP COLUMN recent_failures;
ALTER TABLE factors DROP COLUMN failures_since;
