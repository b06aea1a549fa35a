-- SQLite has no replicas and so no timelines; the row stays empty. The table is here because the schema is the same on all
-- database systems.
CREATE TABLE database_timeline (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    timeline TEXT NULL,
    changed_at INTEGER NULL
) STRICT;

INSERT INTO database_timeline (id, timeline, changed_at) VALUES (1, NULL, NULL);
