//! SQLite.

use std::path::Path;
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, OpenFlags, ToSql};

use super::{Error, Purpose, Result};

/// How long to wait for another process that holds the file before giving up.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many statements a connection keeps prepared: more than the store has.
const PREPARED: usize = 256;

pub(super) fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(connection)
}

/// Makes readers run beside the writer, and every commit durable before it is told of.
pub(super) fn prepare_to_write(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // An agent throws its copy of a batch away once it is told "accepted": a commit has to be on
    // the disk by then. NORMAL would keep the file sound, but could lose the last commits.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection.pragma_update(None, "foreign_keys", true)?)
}

/// Begins a transaction. One that writes takes its turn at once, because one that reads first and
/// writes later can be refused half-way.
pub(super) fn begin(connection: &Connection, purpose: Purpose) -> Result<()> {
    let begin = match purpose {
        Purpose::Read => "BEGIN",
        Purpose::Write => "BEGIN IMMEDIATE",
    };
    run(connection, begin)
}

pub(super) fn end(connection: &Connection, keep: bool) -> Result<()> {
    // After some failures (a full disk) SQLite has undone everything already.
    if connection.is_autocommit() && !keep {
        return Ok(());
    }
    run(connection, if keep { "COMMIT" } else { "ROLLBACK" })
}

fn run(connection: &Connection, text: &str) -> Result<()> {
    connection.prepare_cached(text)?.execute([])?;
    Ok(())
}

/// Hands values to a statement. SQLite takes `$3` for a name, and counts names in the order in which
/// they first appear, so each is looked up.
pub(super) fn bind(statement: &mut CachedStatement<'_>, values: &[&dyn ToSql]) -> Result<()> {
    let mut named = 0;
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.strip_prefix('$'));
        let number: usize = number.and_then(|it| it.parse().ok()).ok_or(Error::Parameters)?;
        let value = number.checked_sub(1).and_then(|at| values.get(at)).ok_or(Error::Parameters)?;
        statement.raw_bind_parameter(index, value)?;
        named = named.max(number);
    }
    if named == values.len() { Ok(()) } else { Err(Error::Parameters) }
}
