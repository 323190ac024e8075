//! The tables, in the order in which they came to be, and the one place that brings a file forward.
//!
//! The texts avoid what `PostgreSQL` lacks, except for the words of DDL (`STRICT`, `BLOB`). Times are
//! microseconds since the epoch; JSON is TEXT; computed values are computed in Rust.

use super::StoreError;
use super::sql::{self, Connection, Purpose};

mod packing;
mod server;

pub(super) use server::make as make_on;

/// "DAIC": marks a SQLite file as one of ours.
const APPLICATION: i32 = 0x4441_4943;
/// "DAIM": marks what was left behind when a database was moved to a server.
const MOVED: i32 = 0x4441_494d;

/// Each entry brings a file from the version before to its own (1, 2 …). Entries never change once
/// released; a new one is added at the end.
const VERSIONS: [&str; 13] = [
    "
    CREATE TABLE revision (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL) STRICT;
    INSERT INTO revision (one, number) VALUES (1, 0);

    CREATE TABLE agent (
        name TEXT PRIMARY KEY,
        first_seen INTEGER          -- when its first batch came; NULL while only its key is known
    ) STRICT;
    CREATE TABLE pin (              -- the newest row of an agent holds; older ones are history
        id INTEGER PRIMARY KEY,
        agent TEXT NOT NULL REFERENCES agent (name),
        key BLOB NOT NULL CHECK (length(key) = 32),
        pinned_at INTEGER NOT NULL,
        pinned_by TEXT NOT NULL     -- empty: by the agent's first batch
    ) STRICT;
    CREATE INDEX pin_agent ON pin (agent, id);

    CREATE TABLE batch (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
        agent TEXT NOT NULL REFERENCES agent (name),
        pin INTEGER NOT NULL REFERENCES pin (id),
        scan TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        last INTEGER NOT NULL,
        began INTEGER NOT NULL,
        closed INTEGER NOT NULL,
        software TEXT NOT NULL,
        received_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE fact (             -- an observation without its time
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        content TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sighting (
        observation BLOB PRIMARY KEY CHECK (length(observation) = 16),
        fact INTEGER NOT NULL REFERENCES fact (id),
        at INTEGER NOT NULL,
        batch INTEGER NOT NULL REFERENCES batch (id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE coverage (
        hash BLOB PRIMARY KEY,
        batch INTEGER NOT NULL REFERENCES batch (id),
        content TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sent (
        hash BLOB PRIMARY KEY,
        batch INTEGER NOT NULL REFERENCES batch (id),
        content TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE book (             -- the newest row of a name holds; older ones are history
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        octets BLOB NOT NULL,
        ledger TEXT NOT NULL,
        imported_at INTEGER NOT NULL,
        imported_by TEXT NOT NULL
    ) STRICT;
    CREATE INDEX book_name ON book (name, id);
",
    "
    CREATE TABLE stop (             -- somebody wanted the scan of an agent to end
        id INTEGER PRIMARY KEY,
        agent TEXT NOT NULL,        -- it may not have sent a batch yet
        said_at INTEGER NOT NULL,
        said_by TEXT NOT NULL
    ) STRICT;
    CREATE INDEX stop_agent ON stop (agent, id);
",
    "
    CREATE TABLE decision (         -- what people said of what was found; never changed, never deleted
        id INTEGER PRIMARY KEY,
        said_at INTEGER NOT NULL,
        said_by TEXT NOT NULL,
        why TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE book ADD COLUMN why TEXT NOT NULL DEFAULT '';
    CREATE TABLE change (           -- of the ledger: made by importing a book, or beside it
        id INTEGER PRIMARY KEY,
        book INTEGER NOT NULL REFERENCES book (id), -- the version of the book that it holds for
        cause TEXT NOT NULL,        -- import, edit, or carried over from an earlier version
        entry TEXT NOT NULL,        -- what the row is known by
        step TEXT NOT NULL,
        said_at INTEGER NOT NULL,
        said_by TEXT NOT NULL,
        why TEXT NOT NULL
    ) STRICT;
    CREATE INDEX change_book ON change (book, cause, id);
    CREATE INDEX change_entry ON change (entry, id);
    CREATE TABLE profile (          -- the newest row of a shape holds; older ones are history
        id INTEGER PRIMARY KEY,
        shape TEXT NOT NULL,
        content TEXT,               -- NULL: forgotten
        said_at INTEGER NOT NULL,
        said_by TEXT NOT NULL,
        why TEXT NOT NULL
    ) STRICT;
    CREATE INDEX profile_shape ON profile (shape, id);
    CREATE TABLE register (         -- the newest row of a kind and id holds; older ones are history
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        content TEXT,               -- NULL: taken out
        said_at INTEGER NOT NULL,
        said_by TEXT NOT NULL,
        why TEXT NOT NULL
    ) STRICT;
    CREATE INDEX register_name ON register (kind, name, id);
",
    "
    ALTER TABLE agent ADD COLUMN seen_at INTEGER;           -- when it last called at the agents' door
    ALTER TABLE agent ADD COLUMN software TEXT NOT NULL DEFAULT '';
    ALTER TABLE agent ADD COLUMN networks TEXT NOT NULL DEFAULT '[]'; -- as its configuration declares
    ALTER TABLE batch ADD COLUMN stream INTEGER;            -- NULL: from before batches were counted
    ALTER TABLE batch ADD COLUMN number INTEGER;
    ALTER TABLE batch ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0; -- taken out by the agent
    CREATE INDEX batch_number ON batch (agent, stream, number);
    CREATE INDEX batch_scan ON batch (agent, scan, sequence);
    CREATE TABLE aside (            -- signed by a known agent, but it could not be read
        digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
        agent TEXT NOT NULL,
        stream INTEGER,
        number INTEGER,
        file TEXT NOT NULL,
        why TEXT NOT NULL,
        received_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE invitation (
        id INTEGER PRIMARY KEY,
        agent TEXT NOT NULL,
        code BLOB NOT NULL UNIQUE CHECK (length(code) = 32), -- SHA-256 of the code's secret
        until INTEGER NOT NULL,
        said_at INTEGER NOT NULL,
        said_by TEXT NOT NULL,
        spent_at INTEGER            -- used, or voided by a later word about the same agent
    ) STRICT;
    CREATE INDEX invitation_agent ON invitation (agent, id);
    CREATE TABLE certificate (
        id INTEGER PRIMARY KEY,
        agent TEXT NOT NULL REFERENCES agent (name),
        digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of its DER
        issued_at INTEGER NOT NULL,
        until INTEGER NOT NULL,
        revoked_at INTEGER,
        revoked_by TEXT
    ) STRICT;
    CREATE INDEX certificate_agent ON certificate (agent, id);
    CREATE TABLE schedule (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        content TEXT NOT NULL,
        said_at INTEGER NOT NULL,
        said_by TEXT NOT NULL,
        removed_at INTEGER,
        removed_by TEXT
    ) STRICT;
    CREATE TABLE job (
        id INTEGER PRIMARY KEY,
        agent TEXT NOT NULL,
        schedule INTEGER REFERENCES schedule (id), -- NULL: somebody wanted it once
        due INTEGER NOT NULL,
        start_by INTEGER NOT NULL,  -- later it is missed
        stop_at INTEGER,            -- when its window closes
        content TEXT NOT NULL,
        said_at INTEGER NOT NULL,
        said_by TEXT NOT NULL,
        state TEXT NOT NULL,        -- waiting, running, done, stopped, refused, failed, missed
        taken_at INTEGER,
        heard_at INTEGER,
        ended_at INTEGER,
        stage TEXT,                 -- how far it got, at its end
        said TEXT,                  -- why it ended so
        stop_said_at INTEGER,
        stop_said_by TEXT
    ) STRICT;
    CREATE UNIQUE INDEX job_due ON job (schedule, due);
    CREATE INDEX job_agent ON job (agent, state, due);
    CREATE INDEX job_state ON job (state, due);
",
    // People: one table, or a few that belong together, a file.
    concat!(
        include_str!("schema/account.sql"),
        include_str!("schema/session.sql"),
        include_str!("schema/audit.sql"),
        include_str!("schema/token.sql")
    ),
    "
    CREATE TABLE snapshot (         -- what was known at a moment, signed; never changed, never deleted
        id INTEGER PRIMARY KEY,
        taken_at INTEGER NOT NULL,
        taken_by TEXT NOT NULL,
        why TEXT NOT NULL,
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        content TEXT NOT NULL,
        key BLOB NOT NULL CHECK (length(key) = 32),
        signature BLOB NOT NULL
    ) STRICT;
",
    concat!(
        include_str!("schema/stocktaking.sql"),
        include_str!("schema/subject.sql"),
        include_str!("schema/site.sql")
    ),
    // What other people and machines are told, and the secrets that it takes.
    include_str!("schema/notify.sql"),
    include_str!("schema/view.sql"),
    "
    CREATE INDEX sighting_batch ON sighting (batch);
",
    include_str!("schema/setting.sql"),
    include_str!("schema/packed.sql"),
];
/// The version for which texts alone do not do.
const PACKED: i64 = 13;

/// Brings the tables forward from a version; `tell` keeps which they are of.
fn forward(
    tx: &Connection,
    from: i64,
    server: fn(&str) -> String,
    tell: impl Fn(i64) -> sql::Result<()>,
) -> Result<(), StoreError> {
    for (text, to) in VERSIONS.iter().zip(1_i64..).filter(|(_, to)| *to > from) {
        tx.execute_batch(&server(text))?;
        if to == PACKED {
            packing::pack(tx)?;
        }
        tell(to)?;
    }
    Ok(())
}

/// Makes the tables, or brings an older file forward, all or nothing.
///
/// # Errors
/// [`StoreError::NotOurs`] for a SQLite file of another program, [`StoreError::Newer`] for one of a
/// newer version of this one, and whatever SQLite says.
pub(super) fn bring_forward(connection: &Connection) -> Result<(), StoreError> {
    if let Some(at) = connection.remote() {
        return server::bring_forward(connection, at);
    }
    check(connection)?;
    let tx = connection.begin(Purpose::Write)?;
    let version = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    forward(&tx, version, str::to_owned, |to| {
        tx.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {to};"
        ))
    })?;
    tx.commit()?;
    Ok(())
}

/// Marks a file, or the tables on a server, as what was left behind.
pub(super) fn mark_moved(tx: &Connection) -> Result<(), StoreError> {
    if tx.remote().is_some() {
        return server::mark_moved(tx);
    }
    Ok(tx.execute_batch(&format!("PRAGMA application_id = {MOVED};"))?)
}

/// The version of the tables.
pub(super) fn version(connection: &Connection) -> Result<i64, StoreError> {
    let version = match connection.remote() {
        None => "PRAGMA user_version",
        Some(_) => "SELECT version FROM schema_version WHERE one = 1",
    };
    Ok(connection.query_row(version, [], |row| row.get(0))?)
}

/// Refuses a file that is not ours, or that a newer version wrote.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    if connection.remote().is_some() {
        // Looked at in the transaction that brings them forward.
        return Ok(());
    }
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if application == MOVED {
        return Err(StoreError::MovedAway);
    }
    if application != APPLICATION && (tables > 0 || version != 0) {
        return Err(StoreError::NotOurs);
    }
    let ours = i64::try_from(VERSIONS.len()).unwrap_or(i64::MAX);
    if version > ours { Err(StoreError::Newer { version, ours }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
