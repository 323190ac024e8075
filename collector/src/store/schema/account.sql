CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    called TEXT NOT NULL,
    role TEXT NOT NULL,
    party TEXT,                 -- of a vendor: the party of the register
    password TEXT,              -- a PHC string; NULL: none was set yet
    closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    made_at INTEGER NOT NULL
) STRICT;
