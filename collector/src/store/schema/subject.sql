CREATE TABLE subject (          -- people as an identity provider knows them
    id INTEGER PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    called TEXT NOT NULL,       -- what the provider calls them; proves nothing
    account INTEGER REFERENCES account (id), -- NULL: no administrator said whom that is
    seen_at INTEGER NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;
