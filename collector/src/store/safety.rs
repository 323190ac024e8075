//! Copies of a database while it is in use, what is wrong with a file, and putting a copy in its
//! place.
//!
//! A copy is made by `VACUUM INTO`: one read transaction, so it is whole however much is written
//! meanwhile, where the page-by-page backup of SQLite begins anew with every commit of another
//! connection and may never end on a busy collector.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use daicho_common::time::Timestamp;

use super::deliveries::packed;
use super::sql::{Connection, Purpose};
use super::{Store, StoreError, reader, schema};
use crate::private;

/// At most so many things that are wrong are told; what follows rarely says more.
const TOLD: usize = 20;

/// What a look at a whole file found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// The version of its tables.
    pub version: i64,
    /// Its revision: the number of changes so far.
    pub revision: u64,
    /// Batches in it.
    pub batches: u64,
    /// Observations in it.
    pub observations: u64,
    /// Decisions in it.
    pub decisions: u64,
    /// Imported books in it, earlier versions too.
    pub books: u64,
    /// What is wrong, in SQLite's words; empty if the file is sound.
    pub faults: Vec<String>,
}

/// A database that was put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What came in.
    pub examined: Examined,
    /// Where the database is that stood there before, if there was one.
    pub kept: Option<PathBuf>,
}

/// The latest that came from an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The agent's name.
    pub agent: String,
    /// When its latest batch was closed, by its own clock.
    pub closed: Timestamp,
    /// When its latest batch came, by ours.
    pub received: Timestamp,
}

impl Store {
    /// The latest of every agent that ever delivered, in order of name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn delivered(&self) -> Result<Vec<Delivered>, StoreError> {
        let connection = reader(&self.place)?;
        let mut statement = connection.prepare(
            "SELECT agent, max(closed), max(received_at) FROM batch GROUP BY agent ORDER BY agent",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Delivered {
                agent: row.get(0)?,
                closed: Timestamp::from_micros(row.get(1)?),
                received: Timestamp::from_micros(row.get(2)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How much there is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn holds(&self) -> Result<Examined, StoreError> {
        let mut examined = Examined::default();
        count(&reader(&self.place)?, &mut examined)?;
        Ok(examined)
    }

    /// Writes a copy of everything as it is at one moment; the store goes on meanwhile. The copy is
    /// there whole, or not at all, and only its owner may read it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if the file is there already; else see [`StoreError`].
    pub fn copy_to(&self, to: &Path) -> Result<Examined, StoreError> {
        if self.place.server().is_some() {
            return Err(StoreError::OnServer);
        }
        if to.exists() {
            return Err(StoreError::Exists);
        }
        let part = beside(to, "part");
        let done = self.copy_into(&part).and_then(|examined| {
            fs::rename(&part, to)?;
            sync_folder(to)?;
            Ok(examined)
        });
        if done.is_err() {
            // What was half-written is of no use; why is said by the error.
            let _ = fs::remove_file(&part);
        }
        done
    }

    fn copy_into(&self, part: &Path) -> Result<Examined, StoreError> {
        match fs::remove_file(part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        // SQLite takes an empty file for a new database, so it has its permissions from the start.
        private::create(part)?;
        let connection = reader(&self.place)?;
        connection.execute("VACUUM INTO $1", [part.to_string_lossy()])?;
        File::open(part)?.sync_all()?;
        let examined = examine(part)?;
        if examined.faults.is_empty() { Ok(examined) } else { Err(StoreError::NotADatabase) }
    }
}

/// Looks at a whole file: every page, every index, every reference. Nothing is changed.
///
/// # Errors
/// [`StoreError::Absent`] if there is none; else as when a database is opened. What is wrong inside
/// is no error but [`Examined::faults`].
pub fn examine(path: &Path) -> Result<Examined, StoreError> {
    if !path.exists() {
        return Err(StoreError::Absent);
    }
    let connection = Connection::file(path, Purpose::Read)?;
    schema::check(&connection)?;
    let mut examined = Examined { faults: faults(&connection)?, ..Examined::default() };
    if examined.faults.is_empty() {
        count(&connection, &mut examined)?;
    }
    Ok(examined)
}

fn faults(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({TOLD})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            faults.push(said);
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()?.filter(|_| faults.len() < TOLD) {
        let (table, to): (String, String) = (row.get(0)?, row.get(2)?);
        faults.push(format!("a row of {table} names none of {to}"));
    }
    if faults.is_empty() && is_there(connection, "seen")? {
        packed_faults(connection, &mut faults)?;
    }
    Ok(faults)
}

/// Whether a file has this table: one of an earlier version has fewer. On a server they were brought
/// forward.
fn is_there(connection: &Connection, table: &str) -> Result<bool, StoreError> {
    let text = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1";
    Ok(connection.remote().is_some() || connection.prepare(text)?.exists([table])?)
}

/// What the database does not see, because several are packed in a row: whether they can be read, and
/// whether there is what they say.
fn packed_faults(connection: &Connection, faults: &mut Vec<String>) -> Result<(), StoreError> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    let mut statement = connection.prepare("SELECT id FROM fact ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        match runs.last_mut().filter(|(_, last)| *last + 1 == id) {
            Some((_, last)) => *last = id,
            None => runs.push((id, id)),
        }
    }
    let is_fact = |id: i64| {
        let run = runs.partition_point(|(first, _)| *first <= id).checked_sub(1);
        run.and_then(|run| runs.get(run)).is_some_and(|(_, last)| id <= *last)
    };
    let mut statement = connection.prepare("SELECT since, octets, observations, id FROM seen")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()?.filter(|_| faults.len() < TOLD) {
        let (expected, id): (i64, i64) = (row.get(2)?, row.get(3)?);
        let (mut count, mut unknown) = (0, 0);
        let read = packed::read(&row, |(fact, _)| {
            count += 1;
            unknown += i64::from(!is_fact(fact));
        });
        if read.is_err() || count != expected {
            faults.push(format!("row {id} of seen cannot be read"));
        } else if unknown > 0 {
            faults.push(format!("row {id} of seen names {unknown} that are not in fact"));
        }
    }
    Ok(())
}

fn count(connection: &Connection, examined: &mut Examined) -> Result<(), StoreError> {
    let one = |what: &str| -> Result<u64, StoreError> {
        let number: i64 = connection.query_row(what, [], |row| row.get(0))?;
        Ok(u64::try_from(number).unwrap_or_default())
    };
    let of = |table: &str| -> Result<u64, StoreError> {
        if is_there(connection, table)? {
            one(&format!("SELECT count(*) FROM {table}"))
        } else {
            Ok(0)
        }
    };
    examined.version = schema::version(connection)?;
    if examined.version > 0 {
        examined.revision = super::ground::revision(connection)?;
    }
    examined.batches = of("batch")?;
    examined.observations = if is_there(connection, "seen")? {
        one("SELECT CAST(coalesce(sum(observations), 0) AS BIGINT) FROM seen")?
    } else {
        of("sighting")?
    };
    examined.decisions = of("decision")?;
    examined.books = of("book")?;
    Ok(())
}

/// Puts a copy in the place of the database at `to`. What stands there is moved aside to `aside`, and
/// stays whole.
///
/// # Errors
/// [`StoreError::NotADatabase`] if the copy is not sound, [`StoreError::Busy`] if a program still has
/// the database open; else see [`StoreError`]. Nothing was changed then.
pub fn restore(from: &Path, to: &Path, aside: &Path) -> Result<Restored, StoreError> {
    let examined = examine(from)?;
    if !examined.faults.is_empty() {
        return Err(StoreError::NotADatabase);
    }
    if aside.exists() {
        return Err(StoreError::Exists);
    }
    let part = beside(to, "part");
    private::create(&part)?;
    let copied = fs::copy(from, &part).and_then(|_| File::open(&part)?.sync_all());
    let done = copied.map_err(StoreError::from).and_then(|()| swap(&part, to, aside));
    if done.is_err() {
        // What was half-written is of no use; why is said by the error.
        let _ = fs::remove_file(&part);
    }
    Ok(Restored { examined, kept: done? })
}

fn swap(part: &Path, to: &Path, aside: &Path) -> Result<Option<PathBuf>, StoreError> {
    let there = to.exists();
    if there {
        fold_log(to)?;
        fs::rename(to, aside)?;
    }
    if let Err(error) = fs::rename(part, to) {
        if there {
            fs::rename(aside, to)?;
        }
        return Err(error.into());
    }
    sync_folder(to)?;
    Ok(there.then(|| aside.to_owned()))
}

/// Brings what is in the write-ahead log into the file itself, so that it can be moved alone. This
/// needs the database for itself, so it fails while a collector runs.
pub(super) fn fold_log(path: &Path) -> Result<(), StoreError> {
    let connection = Connection::file(path, Purpose::Write)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if mode == "delete" { Ok(()) } else { Err(StoreError::Busy) }
}

/// A neighbour of the file, with more at the end of its name.
pub(super) fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(more);
    PathBuf::from(name)
}

/// Makes a rename outlast a loss of power.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    #[cfg(unix)]
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests;
