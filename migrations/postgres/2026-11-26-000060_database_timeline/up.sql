-- The timeline of the server's log as it was last seen, and when it was first seen to be another one: it changes when
-- another server becomes the primary, which may lack what the one before acknowledged last.
CREATE TABLE database_timeline (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    timeline TEXT NULL,
    changed_at BIGINT NULL
);

INSERT INTO database_timeline (id, timeline, changed_at) VALUES (1, NULL, NULL);
