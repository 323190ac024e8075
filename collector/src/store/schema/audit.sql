CREATE TABLE audit (            -- a chain: never changed, never deleted
    number INTEGER PRIMARY KEY CHECK (number > 0),
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    address TEXT NOT NULL,
    deed TEXT NOT NULL,
    about TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
