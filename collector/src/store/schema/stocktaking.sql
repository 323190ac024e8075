CREATE TABLE stocktaking_check ( -- what was said of a row in a round; the newest of a row holds
    id INTEGER PRIMARY KEY,
    round TEXT NOT NULL,        -- the name of the round in the register
    entry TEXT NOT NULL,        -- what the row is known by
    label TEXT NOT NULL,        -- what it was called then
    outcome TEXT NOT NULL,
    note TEXT NOT NULL,
    said_at INTEGER NOT NULL,
    said_by TEXT NOT NULL
) STRICT;
CREATE INDEX stocktaking_check_round ON stocktaking_check (round, entry, id);
