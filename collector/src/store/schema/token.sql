CREATE TABLE token (            -- lets a program do some of what its account may
    id INTEGER PRIMARY KEY,
    kept BLOB NOT NULL UNIQUE CHECK (length(kept) = 32),    -- SHA-256 of the token
    account INTEGER NOT NULL REFERENCES account (id),
    scopes TEXT NOT NULL,       -- names, divided by spaces
    label TEXT NOT NULL,
    issued INTEGER NOT NULL,
    until INTEGER NOT NULL,
    used INTEGER,
    revoked INTEGER
) STRICT;
