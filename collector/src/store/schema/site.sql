CREATE TABLE site (             -- the newest row of a name holds; older ones are history
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key BLOB NOT NULL CHECK (length(key) = 32),
    said_at INTEGER NOT NULL,
    said_by TEXT NOT NULL
) STRICT;
CREATE INDEX site_name ON site (name, id);
CREATE TABLE site_snapshot (    -- what other sites knew, as they signed it; never changed
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    taken_by TEXT NOT NULL,
    why TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    content TEXT NOT NULL,
    key BLOB NOT NULL CHECK (length(key) = 32),
    signature BLOB NOT NULL,
    summary TEXT NOT NULL,      -- its numbers, which follow from its content
    imported_at INTEGER NOT NULL,
    imported_by TEXT NOT NULL
) STRICT;
CREATE INDEX site_snapshot_site ON site_snapshot (site, taken_at);
