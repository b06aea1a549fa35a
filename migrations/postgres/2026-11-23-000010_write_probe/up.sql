-- One row that is written to find out whether writing works.
CREATE TABLE write_probe (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    writes BIGINT NOT NULL
);

INSERT INTO write_probe (id, writes) VALUES (1, 0);
