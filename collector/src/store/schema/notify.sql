CREATE TABLE notice (           -- messages to receivers: waiting, sent, or given up
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    events INTEGER NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL,        -- waiting, sent, failed
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,   -- when it is tried next; while it is being sent, when somebody else may
    ended_at INTEGER,
    said TEXT NOT NULL DEFAULT ''   -- why the last try failed
) STRICT;
CREATE INDEX notice_channel ON notice (channel, made_at);
CREATE INDEX notice_state ON notice (state, next_at);
CREATE TABLE notice_told (      -- what a receiver was told, so that it is told once
    channel TEXT NOT NULL,
    event TEXT NOT NULL,
    kind TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    ceased_at INTEGER,          -- since when it does not hold any more
    PRIMARY KEY (channel, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE copied (           -- regular copies of the database, and what became of them
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    failed TEXT                 -- why; NULL: it did not fail
) STRICT;
CREATE TABLE secret (           -- encrypted with a key that is not here
    name TEXT PRIMARY KEY,
    key_id BLOB NOT NULL,
    nonce BLOB NOT NULL,
    sealed BLOB NOT NULL,
    set_at INTEGER NOT NULL,
    set_by TEXT NOT NULL
) STRICT;
