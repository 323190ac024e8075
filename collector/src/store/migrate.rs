//! Moving everything from a file to a server, or back: every table row by row, in one transaction, and
//! compared by digest before it is kept. Which tables and columns there are is asked of the file, so that
//! a table that is added later is moved, too.
//!
//! Where it came from is kept from writers all the while, and says afterwards that it was moved: a
//! collector that is started with its former configuration must not take batches into it.

use std::path::Path;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use sha2::{Digest, Sha256};

use super::audit::{self, By};
use super::server::Server;
use super::sql::bulk::Into;
use super::sql::{Connection, Purpose};
use super::{Place, StoreError, safety, schema};
use crate::people::log::Deed;
use crate::private;

/// Octets that are read before they are written.
const PART: usize = 4 << 20;

/// A table that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over its rows in the order of its key, the same on both sides.
    pub digest: [u8; 32],
}

/// A table.
struct Table {
    name: String,
    columns: Vec<String>,
    key: Vec<String>,
    /// Whether the database gives out its numbers.
    numbered: bool,
}

impl Table {
    fn select(&self) -> String {
        let (columns, key) = (self.columns.join(", "), self.key.join(", "));
        format!("SELECT {columns} FROM {} ORDER BY {key}", self.name)
    }
}

/// Moves the database in the file to an empty one on a server. What was moved is returned table by
/// table, in the order in which the tables came to be.
///
/// # Errors
/// [`StoreError::Absent`] if there is no file, [`StoreError::Busy`] if a program has it open,
/// [`StoreError::NotADatabase`] if it is not sound, [`Fault::NotEmpty`](super::Fault::NotEmpty) if there are tables on the
/// server, [`StoreError::Differs`] if a table came out different, and what either database says. On the
/// server is then nothing, and the file is as it was.
pub fn migrate(file: &Path, server: Server, by: &By) -> Result<Vec<Moved>, StoreError> {
    let examined = safety::examine(file)?;
    if !examined.faults.is_empty() {
        return Err(StoreError::NotADatabase);
    }
    safety::fold_log(file)?;
    let from = Connection::file(file, Purpose::Write)?;
    schema::bring_forward(&from)?;
    let from = from.begin(Purpose::Write)?;
    let place = Place::on(server, file.to_owned());
    let to = place.connection(Purpose::Write)?;
    let to = to.begin(Purpose::Write)?;
    schema::make_on(&to)?;
    let moved = copy_all((&from, &to), &tables(&from)?)?;
    audit::by(&to, by, Deed::DatabaseMoved, place.to_string())?;
    to.commit()?;
    schema::mark_moved(&from)?;
    from.commit()?;
    Ok(moved)
}

/// Moves the database on a server to a file that is not there yet. What was moved is returned as by
/// [`migrate`].
///
/// # Errors
/// [`StoreError::Exists`] if there is such a file, [`StoreError::Differs`] if a table came out different,
/// and what either database says. There is then no file, and the server is as it was.
pub fn fetch(server: Server, file: &Path, by: &By) -> Result<Vec<Moved>, StoreError> {
    if file.exists() {
        return Err(StoreError::Exists);
    }
    let part = safety::beside(file, "part");
    private::create(&part)?;
    let done = fetch_into(server, &part, (file, by));
    if done.is_err() {
        // What was half-written is of no use; why is said by the error.
        let _ = std::fs::remove_file(&part);
    }
    done
}

fn fetch_into(
    server: Server,
    part: &Path,
    (file, by): (&Path, &By),
) -> Result<Vec<Moved>, StoreError> {
    let from = Place::on(server, file.to_owned()).connection(Purpose::Write)?;
    schema::bring_forward(&from)?;
    let from = from.begin(Purpose::Write)?;
    let to = Connection::file(part, Purpose::Write)?;
    schema::bring_forward(&to)?;
    let tx = to.begin(Purpose::Write)?;
    let moved = copy_all((&from, &tx), &tables(&tx)?)?;
    audit::by(&tx, by, Deed::DatabaseMoved, file.display().to_string())?;
    tx.commit()?;
    drop(to);
    std::fs::File::open(part)?.sync_all()?;
    // Nobody goes on there from here on, so that nothing is written that would not be here.
    schema::mark_moved(&from)?;
    from.commit()?;
    std::fs::rename(part, file)?;
    safety::sync_folder(file)?;
    Ok(moved)
}

/// Copies these tables and makes sure that both sides hold the same.
fn copy_all(
    (from, to): (&Connection, &Connection),
    tables: &[Table],
) -> Result<Vec<Moved>, StoreError> {
    // What the making of the tables put into them is where they come from, too.
    for table in tables.iter().rev() {
        to.execute_batch(&format!("DELETE FROM {}", table.name))?;
    }
    let moved = tables.iter().map(|table| copy(from, to, table));
    let moved = moved.collect::<Result<Vec<_>, _>>()?;
    for (table, moved) in tables.iter().zip(&moved) {
        if read(to, table, |_| Ok(()))? != *moved {
            return Err(StoreError::Differs { table: moved.table.clone() });
        }
    }
    if audit::verify(to, None)?.is_err() {
        return Err(StoreError::Differs { table: "audit".to_owned() });
    }
    Ok(moved)
}

/// The tables of a file, in the order in which they came to be, so that none names one that is not
/// there yet.
fn tables(file: &Connection) -> Result<Vec<Table>, StoreError> {
    let mut statement = file.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
         ORDER BY rowid",
    )?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    names.into_iter().map(|name| table(file, name)).collect()
}

fn table(file: &Connection, name: String) -> Result<Table, StoreError> {
    let mut statement = file.prepare(&format!("PRAGMA table_info({name})"))?;
    let mut rows = statement.query([])?;
    let (mut columns, mut key, mut numbered) = (Vec::new(), Vec::new(), false);
    while let Some(row) = rows.next()? {
        let column: String = row.get(1)?;
        let place: i64 = row.get(5)?;
        if place > 0 {
            key.push((place, column.clone()));
            numbered = row.get::<_, String>(2)? == "INTEGER";
        }
        columns.push(column);
    }
    key.sort();
    let key: Vec<String> = key.into_iter().map(|(_, column)| column).collect();
    numbered &= key.len() == 1;
    Ok(Table { name, columns, key, numbered })
}

/// Every row of a table, in the order of its key.
fn read(
    of: &Connection,
    table: &Table,
    mut each: impl FnMut(Vec<Value>) -> Result<(), StoreError>,
) -> Result<Moved, StoreError> {
    let (mut digest, mut count) = (Sha256::new(), 0);
    let mut statement = of.prepare(&table.select())?;
    let mut rows = statement.query_many([])?;
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(table.columns.len());
        for column in 0..table.columns.len() {
            let value = row.get_ref(column)?;
            told(&mut digest, value);
            values.push(
                value.try_into().map_err(|_| StoreError::Differs { table: table.name.clone() })?,
            );
        }
        count += 1;
        each(values)?;
    }
    Ok(Moved { table: table.name.clone(), rows: count, digest: digest.finalize().into() })
}

/// A value as the digest takes it: its kind, how long it is, and what it is.
fn told(digest: &mut Sha256, value: ValueRef<'_>) {
    let mut tell = |kind: u8, octets: &[u8]| {
        digest.update([kind]);
        digest.update(octets.len().to_be_bytes());
        digest.update(octets);
    };
    match value {
        ValueRef::Null => tell(0, &[]),
        ValueRef::Integer(number) => tell(1, &number.to_be_bytes()),
        ValueRef::Real(number) => tell(2, &number.to_bits().to_be_bytes()),
        ValueRef::Text(text) => tell(3, text),
        ValueRef::Blob(octets) => tell(4, octets),
    }
}

fn copy(from: &Connection, to: &Connection, table: &Table) -> Result<Moved, StoreError> {
    let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    let into = Into { table: &table.name, columns: &columns, end: "" };
    let (mut part, mut octets) = (Vec::new(), 0);
    let moved = read(from, table, |values| {
        octets += values.iter().map(length).sum::<usize>();
        part.extend(values);
        if octets >= PART {
            insert(to, &into, &part)?;
            part.clear();
            octets = 0;
        }
        Ok(())
    })?;
    insert(to, &into, &part)?;
    go_on_counting(to, table)?;
    Ok(moved)
}

fn insert(to: &Connection, into: &Into<'_>, values: &[Value]) -> Result<(), StoreError> {
    let values = values.iter().map(|value| ToSqlOutput::Borrowed(value.into()));
    to.insert_all(into, &values.collect::<Vec<_>>())?;
    Ok(())
}

fn length(value: &Value) -> usize {
    match value {
        Value::Null | Value::Integer(_) | Value::Real(_) => 8,
        Value::Text(text) => text.len(),
        Value::Blob(octets) => octets.len(),
    }
}

/// Lets the server give out numbers from behind those that came.
fn go_on_counting(to: &Connection, table: &Table) -> Result<(), StoreError> {
    let numbered = table.numbered && to.remote().is_some();
    let Some(key) = table.key.first().filter(|_| numbered) else { return Ok(()) };
    let next = format!(
        "SELECT setval(pg_get_serial_sequence('{0}', '{key}'), max({key})) FROM {0}
         HAVING max({key}) > 0",
        table.name
    );
    Ok(to.execute_batch(&next)?)
}
