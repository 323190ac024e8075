//! SQLite.

use std::path::Path;
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, OpenFlags, ToSql};

use super::{Error, Purpose, Result};

/// How long to wait for another process that holds the file before giving up.
const PATIENCE: Duration = Duration::from_secs(3);
/// How much of the file the writer keeps in memory, in KiB: the index of facts where agents deliver now, and
/// what a large import touches.
const CACHE: i64 = 64 << 10;
/// How long the log may grow before it is brought into the file, in pages of 4 KiB. A page that was
/// written often meanwhile is brought there once.
const LOG: i64 = 8 << 10;
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
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG)?;
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

/// The numbers of a text's parameters in the order in which they first appear: SQLite takes `$3` for a
/// name and counts names so.
pub(super) fn order(text: &str) -> Vec<usize> {
    let (mut order, mut largest) = (Vec::new(), 0);
    for behind in text.split('$').skip(1) {
        let digits = behind.bytes().take_while(u8::is_ascii_digit);
        let number = digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
        if number > largest || !order.contains(&number) {
            order.push(number);
        }
        largest = largest.max(number);
    }
    order
}

/// Hands values to a statement whose parameters are in this order.
pub(super) fn bind(
    (statement, order): (&mut CachedStatement<'_>, &[usize]),
    values: &[&dyn ToSql],
) -> Result<()> {
    if statement.parameter_count() != order.len() || order.len() != values.len() {
        return Err(Error::Parameters);
    }
    for (number, index) in order.iter().zip(1_usize..) {
        let value = number.checked_sub(1).and_then(|at| values.get(at)).ok_or(Error::Parameters)?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::*;

    #[test]
    fn what_is_committed_is_on_the_disk_before_it_is_told_of_and_readers_go_on_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daicho.db");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = open(&path, flags).unwrap();
        prepare_to_write(&connection).unwrap();
        let said = |pragma: &str| {
            let value = connection.pragma_query_value(None, pragma, |row| row.get(0));
            value.map(|value: rusqlite::types::Value| format!("{value:?}")).unwrap()
        };
        assert_eq!(said("journal_mode"), "Text(\"wal\")");
        // FULL is 2 (https://www.sqlite.org/pragma.html#pragma_synchronous).
        assert_eq!(
            (said("synchronous"), said("foreign_keys")),
            ("Integer(2)".into(), "Integer(1)".into())
        );
    }

    #[test]
    fn parameters_are_bound_by_their_numbers_in_whatever_order_they_appear() {
        assert_eq!(order("SELECT $2, $1, $2, $10"), [2, 1, 10]);
        let connection = Connection::open_in_memory().unwrap();
        let text = "SELECT $3 || $1 || $3 || $2";
        let mut statement = connection.prepare_cached(text).unwrap();
        let bound = bind((&mut statement, &order(text)), &[&"a", &"b", &"c"]);
        bound.unwrap();
        let mut rows = statement.raw_query();
        assert_eq!(rows.next().unwrap().unwrap().get::<_, String>(0).unwrap(), "cacb");
        drop(rows);
        for values in [params![1, 2], params![1, 2, 3, 4]] {
            assert!(bind((&mut statement, &order(text)), values).is_err());
        }
    }
}
