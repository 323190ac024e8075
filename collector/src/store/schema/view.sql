CREATE TABLE saved_view (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    query TEXT NOT NULL,        -- as it stands in addresses
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    said_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX saved_view_name ON saved_view (account, name);
