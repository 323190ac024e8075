//! PostgreSQL. Its client waits by an async runtime of its own, which must not be entered from within
//! another one, so it lives in a thread of its own ([`session`]): whoever wants something sends it
//! there and waits, in an async context as well as in any other.

use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use postgres::Row;
use rusqlite::ToSql;
use rusqlite::types::{Value, ValueRef};

use super::{Error, Purpose, Result};
use crate::store::server::Server;

mod session;
mod value;

use session::Session;
use value::Cell;

/// What somebody wants of the session.
#[derive(Debug)]
enum Want {
    /// Run the statement, and give its rows.
    Rows(String, Vec<Value>),
    /// Run the statement, and say how many rows it changed.
    Count(String, Vec<Value>),
    /// Let the statement's rows come in parts; those of an earlier one come no more.
    Open(String, Vec<Value>),
    /// Give the next part.
    Part,
    /// Run statements that take nothing and give nothing.
    Batch(String),
    Begin(Purpose),
    End {
        keep: bool,
    },
}

/// What became of it.
#[derive(Debug)]
enum Done {
    Rows(Vec<Row>),
    Count(usize),
}

struct Ask {
    want: Want,
    answer: SyncSender<Result<Done>>,
}

/// A connection to a server. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Remote {
    at: Arc<str>,
    asks: Option<Sender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

impl Remote {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Server`].
    pub(super) fn connect(server: &Arc<Server>, purpose: Purpose) -> Result<Self> {
        let mut session = Session::new(Arc::clone(server), purpose);
        let (asks, asked) = channel::<Ask>();
        let (answer, ready) = sync_channel(1);
        let thread = std::thread::spawn(move || {
            let connected = session.connect();
            let failed = connected.is_err();
            let _ = answer.send(connected);
            if failed {
                return;
            }
            for Ask { want, answer } in asked {
                // Who asked may have gone.
                let _ = answer.send(session.run(want));
            }
        });
        let remote = Self { at: server.name(), asks: Some(asks), thread: Some(thread) };
        ready.recv().unwrap_or(Err(Error::Ended))?;
        Ok(remote)
    }

    /// The server.
    pub(super) const fn at(&self) -> &Arc<str> {
        &self.at
    }

    fn ask(&self, want: Want) -> Result<Done> {
        let (answer, done) = sync_channel(1);
        let asks = self.asks.as_ref().ok_or(Error::Ended)?;
        asks.send(Ask { want, answer }).map_err(|_| Error::Ended)?;
        done.recv().unwrap_or(Err(Error::Ended))
    }

    pub(super) fn count(&self, text: &str, values: &[&dyn ToSql]) -> Result<usize> {
        match self.ask(Want::Count(text.to_owned(), owned(values)?))? {
            Done::Count(count) => Ok(count),
            Done::Rows(rows) => Ok(rows.len()),
        }
    }

    pub(super) fn rows(&self, text: &str, values: &[&dyn ToSql]) -> Result<Fetched<'_>> {
        let rows = self.ask(Want::Rows(text.to_owned(), owned(values)?))?;
        Ok(Fetched { rows: taken(rows), current: None, more: None })
    }

    /// The same, where there may be more rows than should be held at once. In a transaction only, and
    /// one statement at a time.
    pub(super) fn parts(&self, text: &str, values: &[&dyn ToSql]) -> Result<Fetched<'_>> {
        self.ask(Want::Open(text.to_owned(), owned(values)?))?;
        Ok(Fetched { rows: Vec::new().into_iter(), current: None, more: Some(self) })
    }

    pub(super) fn batch(&self, text: &str) -> Result<()> {
        self.ask(Want::Batch(text.to_owned())).map(drop)
    }

    pub(super) fn begin(&self, purpose: Purpose) -> Result<()> {
        self.ask(Want::Begin(purpose)).map(drop)
    }

    pub(super) fn end(&self, keep: bool) -> Result<()> {
        self.ask(Want::End { keep }).map(drop)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.asks.take());
        if let Some(thread) = self.thread.take() {
            // What went wrong in it was answered already.
            let _ = thread.join();
        }
    }
}

fn owned(values: &[&dyn ToSql]) -> Result<Vec<Value>> {
    use rusqlite::types::ToSqlOutput;
    let own = |value: &&dyn ToSql| match value.to_sql()? {
        ToSqlOutput::Borrowed(value) => value.try_into().map_err(|error| Error::Column(0, error)),
        ToSqlOutput::Owned(value) => Ok(value),
        _ => Err(Error::Parameters),
    };
    values.iter().map(own).collect()
}

fn taken(done: Done) -> std::vec::IntoIter<Row> {
    match done {
        Done::Rows(rows) => rows.into_iter(),
        Done::Count(_) => Vec::new().into_iter(),
    }
}

/// Rows that came, and where more of them come from.
pub(super) struct Fetched<'c> {
    rows: std::vec::IntoIter<Row>,
    current: Option<Row>,
    more: Option<&'c Remote>,
}

impl Fetched<'_> {
    pub(super) fn next(&mut self) -> Result<Option<&Row>> {
        self.current = self.rows.next();
        if let (None, Some(remote)) = (&self.current, self.more) {
            self.rows = taken(remote.ask(Want::Part)?);
            self.current = self.rows.next();
        }
        Ok(self.current.as_ref())
    }
}

/// What stands in a column.
pub(super) fn column(row: &Row, column: usize) -> Result<ValueRef<'_>> {
    let cell = row.try_get::<_, Cell<'_>>(column);
    cell.map(|cell| cell.0).map_err(|error| Error::Cell(column, error.to_string()))
}
