-- Wrong codes within a window that a right code does not end.
ALTER TABLE factors ADD COLUMN failures_since BIGINT;
ALTER TABLE factors ADD COLUMN recent_failures BIGINT NOT NULL DEFAULT 0 CHECK (recent_failures >= 0);
