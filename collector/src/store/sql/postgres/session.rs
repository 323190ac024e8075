//! A session with a PostgreSQL server: what the thread does.
//!
//! Writers take turns by an advisory lock that ends with their transaction, however many collectors
//! there are. So numbers are given out in the order in which they become visible, and a chain of rows
//! has one end: what the store assumes of SQLite's single writer holds here, too.
//!
//! A connection that breaks is made anew where nothing can be lost by it: before a transaction begins,
//! and for a statement that only reads outside of one. Within a transaction whoever wanted it is told;
//! nothing of it was kept, unless it broke at the very end, when that is unknown. That is why what
//! agents deliver may be delivered again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use postgres::types::ToSql;
use postgres::{Client, Row, Statement};

use super::value::Handed;
use super::{Done, Want};
use crate::store::server::{Fault, Server};
use crate::store::sql::{Error, Purpose, Result};

/// How long to wait before each try to reach a server that does not answer, in milliseconds. It may
/// just be restarting.
const WAITS: [u64; 7] = [0, 100, 250, 500, 1000, 2000, 4000];
/// The advisory lock of whoever writes to the tables of this schema: "DAIC", and the schema.
const WRITERS: &str = "1145129283, hashtext(current_schema())";
/// Rows of the first part, of any other at most, and octets that a part should have: rows may be large.
const PART: (usize, usize, usize) = (64, 4096, 4 << 20);

/// What every session begins with. A writer that waits for its turn is not let wait forever, and the
/// turn of one whose machine is gone ends. A commit has to be on the server's disk before an agent is
/// told of it.
const BEGIN: &str = "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '5min';
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local');";

pub(super) struct Session {
    server: Arc<Server>,
    purpose: Purpose,
    client: Option<Client>,
    prepared: HashMap<String, Statement>,
    inside: bool,
    open: bool,
    /// Rows of the next part.
    part: usize,
}

impl Session {
    pub(super) fn new(server: Arc<Server>, purpose: Purpose) -> Self {
        let prepared = HashMap::new();
        Self { server, purpose, client: None, prepared, inside: false, open: false, part: PART.0 }
    }

    /// Connects, or says why not.
    pub(super) fn connect(&mut self) -> Result<()> {
        self.again(|_| Ok(()))
    }

    pub(super) fn run(&mut self, want: Want) -> Result<Done> {
        let nothing = |()| Done::Count(0);
        match want {
            Want::Rows(text, values) => {
                let values: Vec<Handed> = values.into_iter().map(Handed).collect();
                let read = |session: &mut Self| session.rows(&text, &values);
                let repeat = !self.inside && self.purpose == Purpose::Read;
                if repeat { self.again(read) } else { self.once(read) }.map(Done::Rows)
            }
            Want::Count(text, values) => {
                let values: Vec<Handed> = values.into_iter().map(Handed).collect();
                self.once(|session| session.count(&text, &values)).map(Done::Count)
            }
            Want::Open(text, values) => {
                let values: Vec<Handed> = values.into_iter().map(Handed).collect();
                self.once(|session| session.open(&text, &values)).map(nothing)
            }
            Want::Part => self.once(Self::part).map(Done::Rows),
            Want::Batch(text) => self.once(|session| session.batch(&text)).map(nothing),
            Want::Begin(purpose) => self.begin(purpose).map(nothing),
            Want::End { keep } => self.end(keep).map(nothing),
        }
    }

    fn begin(&mut self, purpose: Purpose) -> Result<()> {
        let text = match purpose {
            Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
            Purpose::Write => format!("BEGIN; SELECT pg_advisory_xact_lock({WRITERS})"),
        };
        let begun = self.again(|session| session.batch(&text));
        if begun.is_err() && self.client.is_some() {
            // The turn did not come: the transaction was begun all the same.
            let _ = self.once(|session| session.batch("ROLLBACK"));
        }
        self.inside = begun.is_ok();
        begun
    }

    fn end(&mut self, keep: bool) -> Result<()> {
        self.inside = false;
        self.open = false;
        if self.client.is_none() && !keep {
            return Ok(());
        }
        self.once(|session| session.batch(if keep { "COMMIT" } else { "ROLLBACK" }))
    }

    /// Does it, however often the connection has to be made anew.
    fn again<T>(&mut self, mut work: impl FnMut(&mut Self) -> Result<T>) -> Result<T> {
        let mut tried = Err(Error::Ended);
        for wait in WAITS {
            std::thread::sleep(Duration::from_millis(wait));
            tried = self.connected().and_then(|()| self.once(&mut work));
            match &tried {
                Err(Error::Server { fault: Fault::Away(why), at }) => {
                    tracing::warn!(%at, %why, "the database server does not answer");
                }
                _ => break,
            }
        }
        tried
    }

    /// Does it, if there is a connection; a broken one is dropped.
    fn once<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let done = work(self);
        let away = matches!(&done, Err(Error::Server { fault: Fault::Away(_), .. }));
        if away || self.client.as_ref().is_some_and(Client::is_closed) {
            self.client = None;
            self.prepared.clear();
        }
        done
    }

    fn connected(&mut self) -> Result<()> {
        if self.client.as_ref().is_some_and(|client| !client.is_closed()) {
            return Ok(());
        }
        self.prepared.clear();
        self.client = None;
        let mut client = self.server.connect()?;
        let begun = client.batch_execute(BEGIN).and_then(|()| match self.purpose {
            Purpose::Read => client.batch_execute("SET default_transaction_read_only = on"),
            Purpose::Write => Ok(()),
        });
        begun.map_err(|error| self.server.fault(&error))?;
        self.client = Some(client);
        Ok(())
    }

    fn client<T>(
        &mut self,
        work: impl FnOnce(&mut Client) -> std::result::Result<T, postgres::Error>,
    ) -> Result<T> {
        let Some(client) = &mut self.client else {
            return Err(self.server.away("the connection broke"));
        };
        work(client).map_err(|error| self.server.fault(&error))
    }

    fn batch(&mut self, text: &str) -> Result<()> {
        self.client(|client| client.batch_execute(text))
    }

    fn statement(&mut self, text: &str) -> Result<Statement> {
        if let Some(statement) = self.prepared.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.client(|client| client.prepare(text))?;
        self.prepared.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    fn rows(&mut self, text: &str, values: &[Handed]) -> Result<Vec<Row>> {
        let statement = self.statement(text)?;
        self.client(|client| client.query(&statement, &handed(values)))
    }

    fn count(&mut self, text: &str, values: &[Handed]) -> Result<usize> {
        let statement = self.statement(text)?;
        let count = self.client(|client| client.execute(&statement, &handed(values)))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn open(&mut self, text: &str, values: &[Handed]) -> Result<()> {
        if std::mem::replace(&mut self.open, false) {
            self.batch("CLOSE part")?;
        }
        let declare = format!("DECLARE part NO SCROLL CURSOR FOR {text}");
        self.client(|client| client.execute(&declare, &handed(values)))?;
        (self.open, self.part) = (true, PART.0);
        Ok(())
    }

    fn part(&mut self) -> Result<Vec<Row>> {
        // Prepared anew each time: what it gives differs from one cursor to the next.
        let text = format!("FETCH FORWARD {} FROM part", self.part);
        let rows = self.client(|client| client.query(&text, &[]))?;
        let octets: usize = rows.iter().map(Row::raw_size_bytes).sum();
        self.part = (rows.len() * PART.2 / octets.max(1)).clamp(1, PART.1);
        Ok(rows)
    }
}

fn handed(values: &[Handed]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}
