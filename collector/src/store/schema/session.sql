CREATE TABLE session (          -- ended ones stay: they say from where an account was logged in
    kept BLOB PRIMARY KEY CHECK (length(kept) = 32),    -- SHA-256 of the secret in the cookie
    account INTEGER NOT NULL REFERENCES account (id),
    address TEXT NOT NULL,
    by_link INTEGER NOT NULL CHECK (by_link IN (0, 1)),
    began INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    ended INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session (account, address);
CREATE TABLE login_link (
    kept BLOB PRIMARY KEY CHECK (length(kept) = 32),    -- SHA-256 of the code in the link
    account INTEGER NOT NULL REFERENCES account (id),
    until INTEGER NOT NULL,
    used INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE login_try (        -- wrong ones since the last right one
    about TEXT PRIMARY KEY,     -- an account, an address, or both
    wrong INTEGER NOT NULL,
    latest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
