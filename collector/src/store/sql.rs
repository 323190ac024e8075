//! The one way by which the store speaks to its database, whichever engine keeps it. The rest of the
//! store writes SQL that every engine understands, with `$1`, `$2` … for what is handed in; an engine
//! is a file beside this one. Names and shapes are those of `rusqlite`, whose values are used too.
//!
//! Written for two engines: no `GREATEST`, `ILIKE`, `= ANY`, scalar `max`, `instr`, `INSERT OR`,
//! `rowid`; every column that is selected beside an aggregate is grouped by; a sum is cast to an
//! integer; a number that was given out comes back by `RETURNING id`.

use std::ops::Deref;
use std::path::Path;

use rusqlite::OpenFlags;
pub(super) use rusqlite::params;
use rusqlite::types::{FromSql, FromSqlError, ValueRef};

mod lite;
mod params;

pub(super) use params::Params;

/// What an engine says when something fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite says so.
    #[error("SQLite: {0}")]
    Lite(#[from] rusqlite::Error),
    /// A row was asked for, and there is none.
    #[error("there is no such row")]
    NoRow,
    /// A value is not of the kind that was asked for.
    #[error("column {0} cannot be read: {1}")]
    Column(usize, FromSqlError),
    /// A statement has a parameter that nothing was handed in for, or the other way round.
    #[error("a statement and its parameters do not fit together")]
    Parameters,
}

/// What a call to an engine gives.
pub(super) type Result<T> = std::result::Result<T, Error>;

/// Tells a row that is not there from a failure.
pub(super) trait OptionalExtension<T> {
    /// `None` if there is no such row.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A connection to a database.
#[derive(Debug)]
pub(super) struct Connection(Engine);

#[derive(Debug)]
enum Engine {
    Lite(rusqlite::Connection),
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To read, all at one moment.
    Read,
    /// To write; there is one writer at a time.
    Write,
}

impl Connection {
    /// A connection to a SQLite file, which is there.
    pub(super) fn file(path: &Path, purpose: Purpose) -> Result<Self> {
        let access = match purpose {
            Purpose::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Purpose::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let connection = lite::open(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        Ok(Self(Engine::Lite(connection)))
    }

    /// Makes readers run beside this connection, and its every commit durable before it is told of.
    pub(super) fn prepare_to_write(&self) -> Result<()> {
        match &self.0 {
            Engine::Lite(connection) => lite::prepare_to_write(connection),
        }
    }

    /// A statement, which the connection keeps prepared for the next time.
    pub(super) fn prepare(&self, text: &str) -> Result<Statement<'_>> {
        match &self.0 {
            Engine::Lite(connection) => {
                Ok(Statement(Ready::Lite(connection.prepare_cached(text)?)))
            }
        }
    }

    /// The same: every statement is kept.
    pub(super) fn prepare_cached(&self, text: &str) -> Result<Statement<'_>> {
        self.prepare(text)
    }

    /// Runs a statement; returns how many rows it changed.
    pub(super) fn execute(&self, text: &str, params: impl Params) -> Result<usize> {
        self.prepare(text)?.execute(params)
    }

    /// The first row that a statement gives, read by `read`.
    ///
    /// # Errors
    /// [`Error::NoRow`] if there is none.
    pub(super) fn query_row<T>(
        &self,
        text: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare(text)?.query_row(params, read)
    }

    /// Runs statements that take nothing and give nothing, divided by semicolons.
    pub(super) fn execute_batch(&self, text: &str) -> Result<()> {
        match &self.0 {
            Engine::Lite(connection) => Ok(connection.execute_batch(text)?),
        }
    }

    /// Begins a transaction, which is undone unless it is committed.
    pub(super) fn begin(&self, purpose: Purpose) -> Result<Transaction<'_>> {
        match &self.0 {
            Engine::Lite(connection) => lite::begin(connection, purpose)?,
        }
        Ok(Transaction { connection: self, open: true })
    }

    /// Begins a transaction that only reads.
    pub(super) fn transaction(&self) -> Result<Transaction<'_>> {
        self.begin(Purpose::Read)
    }

    fn end(&self, keep: bool) -> Result<()> {
        match &self.0 {
            Engine::Lite(connection) => lite::end(connection, keep),
        }
    }
}

/// A transaction of a connection.
#[derive(Debug)]
pub(super) struct Transaction<'c> {
    connection: &'c Connection,
    open: bool,
}

impl Transaction<'_> {
    /// Keeps everything that was done in it.
    pub(super) fn commit(mut self) -> Result<()> {
        self.connection.end(true)?;
        self.open = false;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // What cannot be undone in words is undone by the end of the connection.
            let _ = self.connection.end(false);
        }
    }
}

/// A statement that is ready to run.
pub(super) struct Statement<'c>(Ready<'c>);

enum Ready<'c> {
    Lite(rusqlite::CachedStatement<'c>),
}

impl Statement<'_> {
    /// Runs it; returns how many rows it changed.
    pub(super) fn execute(&mut self, params: impl Params) -> Result<usize> {
        match &mut self.0 {
            Ready::Lite(statement) => {
                params.each(|values| lite::bind(statement, values))?;
                Ok(statement.raw_execute()?)
            }
        }
    }

    /// Runs it; the rows that it gives come one by one.
    pub(super) fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        match &mut self.0 {
            Ready::Lite(statement) => {
                params.each(|values| lite::bind(statement, values))?;
                Ok(Rows(Coming::Lite(statement.raw_query())))
            }
        }
    }

    /// Runs it; `read` makes something of each row.
    pub(super) fn query_map<T, F: FnMut(&Row<'_>) -> Result<T>>(
        &mut self,
        params: impl Params,
        read: F,
    ) -> Result<Mapped<'_, F>> {
        Ok(Mapped { rows: self.query(params)?, read })
    }

    /// The first row that it gives, read by `read`.
    ///
    /// # Errors
    /// [`Error::NoRow`] if there is none.
    pub(super) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut rows = self.query(params)?;
        let row = rows.next()?.ok_or(Error::NoRow)?;
        read(&row)
    }

    /// Whether it gives any row.
    pub(super) fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }
}

/// Rows on their way.
pub(super) struct Rows<'s>(Coming<'s>);

enum Coming<'s> {
    Lite(rusqlite::Rows<'s>),
}

impl Rows<'_> {
    /// The next row, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        match &mut self.0 {
            Coming::Lite(rows) => Ok(rows.next()?.map(|row| Row(Columns::Lite(row)))),
        }
    }
}

/// What is made of rows on their way.
pub(super) struct Mapped<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for Mapped<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let read = &mut self.read;
        self.rows.next().and_then(|row| row.map(|row| read(&row)).transpose()).transpose()
    }
}

/// A row.
#[derive(Clone, Copy)]
pub(super) struct Row<'r>(Columns<'r>);

#[derive(Clone, Copy)]
enum Columns<'r> {
    Lite(&'r rusqlite::Row<'r>),
}

/// How a column is named: by its place, from 0.
pub(super) trait Place {
    /// The place.
    fn place(self) -> usize;
}

impl Place for usize {
    fn place(self) -> usize {
        self
    }
}

impl Row<'_> {
    /// What stands in a column.
    pub(super) fn get<P: Place, T: FromSql>(&self, column: P) -> Result<T> {
        let column = column.place();
        let value = self.get_ref(column)?;
        T::column_result(value).map_err(|error| Error::Column(column, error))
    }

    /// The same, borrowed.
    pub(super) fn get_ref(&self, column: usize) -> Result<ValueRef<'_>> {
        match self.0 {
            Columns::Lite(row) => Ok(row.get_ref(column)?),
        }
    }
}
