CREATE TABLE setting (          -- said on pages, beside the configuration; the newest row of a kind and name holds
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,         -- empty where there is one of its kind
    content TEXT,               -- NULL: taken out
    said_at INTEGER NOT NULL,
    said_by TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX setting_name ON setting (kind, name, id);
ALTER TABLE agent ADD COLUMN permits TEXT NOT NULL DEFAULT '{}'; -- what its configuration lets the collector say
