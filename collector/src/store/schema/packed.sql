ALTER TABLE fact RENAME TO fact_before;
CREATE TABLE fact (             -- an observation without its time
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 24), -- where it belongs, and what it says
    content TEXT NOT NULL
) STRICT;
CREATE TABLE seen (             -- observations of a batch, packed: which facts, and when
    id INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch (id),
    since INTEGER NOT NULL,     -- the first of its times
    until INTEGER NOT NULL,     -- the last of its times
    observations INTEGER NOT NULL,
    octets BLOB NOT NULL
) STRICT;
CREATE INDEX seen_batch ON seen (batch);
CREATE INDEX seen_until ON seen (until);
