//! Everything that is kept, read at one moment.

use std::collections::HashSet;
use std::sync::Arc;

use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{Coverage, NotAsked, Sent, Why};
use daicho_common::time::Timestamp;
use serde::de::DeserializeOwned;

use super::books::{self, CURRENT};
use super::deliveries::packed;
use super::sql::{Connection, Transaction};
use super::{Store, StoreError, changes, decisions, jobs, reader, registers, stocktakings};
use crate::archive::Archive;
use crate::decision::{self, Decided};
use crate::ledger::join::join;
use crate::ledger::step::Step;
use crate::ledger::{Ledger, edit};
use crate::list::List;
use crate::picture::Basis;
use crate::register::Register;
use crate::schedule::Missed;
use crate::stocktaking::Check;

/// A current book of record, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The file's name.
    pub name: String,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// By whom.
    pub imported_by: String,
}

/// A scan of which at least one batch came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The agent's name.
    pub agent: String,
    /// The scan's name.
    pub scan: String,
    /// When it began.
    pub from: Timestamp,
    /// When its latest batch was closed.
    pub to: Timestamp,
    /// The agent's software.
    pub software: String,
}

/// Everything that is kept, at one revision.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// The revision that this is.
    pub revision: u64,
    /// Observations, in order of time, then of id; those that came later follow in the same order
    /// ([`super::Store::ground_after`]).
    pub observations: Arc<Archive>,
    /// The latest batch of which the observations are here.
    pub(crate) batch: i64,
    /// The newest book and the newest change beside any that are in the ledger here.
    pub(crate) shelf: (i64, i64),
    /// Coverages, in order of their start.
    pub coverage: List<Coverage>,
    /// Sent counts, ascending.
    pub sent: List<Sent>,
    /// The current books, joined in order of name.
    pub ledger: Arc<Ledger>,
    /// The current books, in order of name.
    pub books: Vec<Book>,
    /// Scans, latest first.
    pub scans: List<Scan>,
    /// What people said, in order.
    pub decisions: Vec<Decided>,
    /// What stands beside the ledger.
    pub register: Register,
    /// What was said of rows in rounds of stock-taking, in order.
    pub checks: List<Check>,
    /// The number of the last of them.
    pub(crate) check: i64,
    /// Scheduled scans that have not come about since they last did.
    pub missed: Vec<Missed>,
}

impl Ground {
    /// What a picture of this moment is derived from.
    pub fn basis(&self, as_of: Timestamp) -> Basis<'_> {
        Basis {
            observations: (&self.observations).into(),
            coverage: &self.coverage,
            ledger: &self.ledger,
            decisions: &self.decisions,
            register: &self.register,
            missed: &self.missed,
            as_of,
        }
    }
}

impl Store {
    /// Everything that is kept, at one moment.
    pub fn ground(&self) -> Result<Ground, StoreError> {
        // A long read gets its own connection, so that pages asking for the revision do not wait.
        read(&reader(&self.place)?, Ground::default())
    }

    /// The same, where it is known what was kept `before`: only observations that came since are read, and
    /// stand behind the others.
    pub fn ground_after(&self, before: Ground) -> Result<Ground, StoreError> {
        read(&reader(&self.place)?, before)
    }

    /// What is kept, if nothing but answers to findings came since what was kept `before`, and the findings
    /// that they are to.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn answered(&self, before: &Ground) -> Result<Option<(Ground, Vec<String>)>, StoreError> {
        answered(&reader(&self.place)?, before)
    }

    /// The book of record: the current books, joined in order of name.
    pub fn ledger(&self) -> Result<Ledger, StoreError> {
        Ok(Arc::unwrap_or_clone(self.ground()?.ledger))
    }
}

pub(super) fn revision(connection: &Connection) -> Result<u64, StoreError> {
    let number: i64 =
        connection.query_row("SELECT number FROM revision WHERE one = 1", [], |row| row.get(0))?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// What is kept, given what was kept `before`: observations are never changed, so only those are read that
/// came since.
fn read(connection: &Connection, before: Ground) -> Result<Ground, StoreError> {
    let tx = connection.transaction()?;
    let latest = tx.query_row("SELECT coalesce(max(id), 0) FROM batch", [], |row| row.get(0))?;
    let Ground { mut observations, mut checks, batch, check, shelf, ledger, books, .. } = before;
    let mut new = Vec::new();
    let check = stocktakings::read(&tx, check, &mut new)?;
    if !new.is_empty() {
        checks.append(&mut new);
    }
    // What batches brought is as it was where none came; reading it all again would take longer than
    // what a person said.
    let (coverage, sent, scans) = if batch == latest {
        (before.coverage, before.sent, before.scans)
    } else {
        (self::coverage(&tx)?.into(), self::sent(&tx)?.into(), self::scans(&tx)?.into())
    };
    let now = newest(&tx)?;
    let (ledger, books) = if shelf == now { (ledger, books) } else { read_books(&tx)? };
    if batch < latest {
        read_observations(&tx, batch, Arc::make_mut(&mut observations))?;
    }
    Ok(Ground {
        revision: revision(&tx)?,
        observations,
        batch: latest,
        coverage,
        sent,
        ledger,
        books,
        shelf: now,
        scans,
        decisions: decisions::all(&tx)?,
        register: registers::read(&tx)?,
        checks,
        check,
        missed: jobs::missed(&tx)?,
    })
}

/// What is kept, if nothing but answers to findings came since what was kept `before`, and answers that
/// were taken back; each of them. Takes a moment, however much is kept.
fn answered(
    connection: &Connection,
    before: &Ground,
) -> Result<Option<(Ground, Vec<String>)>, StoreError> {
    let tx = connection.transaction()?;
    let latest: i64 =
        tx.query_row("SELECT coalesce(max(id), 0) FROM batch", [], |row| row.get(0))?;
    let mut new = Vec::new();
    stocktakings::read(&tx, before.check, &mut new)?;
    if latest != before.batch
        || newest(&tx)? != before.shelf
        || !new.is_empty()
        || jobs::missed(&tx)? != before.missed
        || registers::read(&tx)? != before.register
    {
        return Ok(None);
    }
    let decisions = decisions::all(&tx)?;
    let Some(answers) = decision::answers_since(&before.decisions, &decisions) else {
        return Ok(None);
    };
    let ground = Ground { revision: revision(&tx)?, decisions, ..before.clone() };
    Ok(Some((ground, answers)))
}

fn sent(tx: &Transaction<'_>) -> Result<Vec<Sent>, StoreError> {
    let mut sent: Vec<Sent> = texts(tx, "sent")?;
    sent.sort();
    Ok(sent)
}

/// Coverages. Where not all of a scan has arrived, or its agent had to take something out again, it
/// does not count as asked: an answer that is not here must not read as silence.
fn coverage(tx: &Transaction<'_>) -> Result<Vec<Coverage>, StoreError> {
    let mut partial = tx.prepare(
        "SELECT agent, scan FROM batch GROUP BY agent, scan
         HAVING count(DISTINCT CASE WHEN dropped = 0 THEN sequence END) < max(sequence)",
    )?;
    let partial = partial.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let partial: HashSet<(String, String)> = partial.collect::<Result<_, _>>()?;
    let mut statement = tx.prepare(
        "SELECT coverage.content, batch.agent, batch.scan FROM coverage
         JOIN batch ON batch.id = coverage.batch",
    )?;
    let mut rows = statement.query([])?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        let broken = |_| StoreError::Row { table: "coverage" };
        let mut one: Coverage = serde_json::from_str(&text).map_err(broken)?;
        if !partial.is_empty() && partial.contains(&(row.get(1)?, row.get(2)?)) {
            let addresses = std::mem::take(&mut one.asked);
            one.answered = AddressSet::new();
            if !addresses.is_empty() {
                one.not_asked.push(NotAsked { addresses, why: Why::Lost });
            }
        }
        read.push(one);
    }
    read.sort_by(|a, b| (a.from, &a.vantage, a.method).cmp(&(b.from, &b.vantage, b.method)));
    Ok(read)
}

/// Reads the observations of later batches than this.
fn read_observations(
    tx: &Transaction<'_>,
    batch: i64,
    observations: &mut Archive,
) -> Result<(), StoreError> {
    let broken = |_| StoreError::Row { table: "fact" };
    // Facts are only ever added, in the order of their numbers.
    let known = observations.last_key().unwrap_or(0);
    let mut facts = tx.prepare("SELECT id, content FROM fact WHERE id > $1 ORDER BY id")?;
    let mut rows = facts.query_many([known])?;
    let mut packing = observations.packing();
    while let Some(row) = rows.next()? {
        packing.add(row.get(0)?, row.get(1)?).map_err(broken)?;
    }
    packing.end().map_err(broken)?;
    drop(rows);
    let mut parts = tx.prepare("SELECT since, octets FROM seen WHERE batch > $1 ORDER BY id")?;
    let mut rows = parts.query_many([batch])?;
    let mut seen = Vec::new();
    while let Some(row) = rows.next()? {
        packed::read(&row, |(fact, at)| seen.push((fact, Timestamp::from_micros(at))))?;
    }
    observations.saw(&seen).map_err(broken)
}

fn texts<T: DeserializeOwned>(
    tx: &Transaction<'_>,
    table: &'static str,
) -> Result<Vec<T>, StoreError> {
    let mut statement = tx.prepare(&format!("SELECT content FROM {table}"))?;
    let mut rows = statement.query([])?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        read.push(serde_json::from_str(&text).map_err(|_| StoreError::Row { table })?);
    }
    Ok(read)
}

/// The newest book and the newest change beside any; both are only ever added.
fn newest(tx: &Transaction<'_>) -> Result<(i64, i64), StoreError> {
    let one = |text| tx.query_row(text, [], |row| row.get(0));
    let book = one("SELECT coalesce(max(id), 0) FROM book")?;
    Ok((book, one("SELECT coalesce(max(id), 0) FROM change")?))
}

fn read_books(tx: &Transaction<'_>) -> Result<(Arc<Ledger>, Vec<Book>), StoreError> {
    let mut statement = tx.prepare(&format!(
        "SELECT name, imported_at, imported_by, ledger, id FROM book WHERE {CURRENT} ORDER BY name"
    ))?;
    let mut rows = statement.query([])?;
    let (mut joined, mut books) = (Ledger::default(), Vec::new());
    while let Some(row) = rows.next()? {
        let text: String = row.get(3)?;
        let ledger = serde_json::from_str(&text).map_err(|_| StoreError::Row { table: "book" })?;
        joined.append(edited(tx, row.get(4)?, ledger)?);
        books.push(Book {
            name: row.get(0)?,
            imported_at: Timestamp::from_micros(row.get(1)?),
            imported_by: row.get(2)?,
        });
    }
    join(&mut joined);
    Ok((Arc::new(joined), books))
}

/// A book with what people changed beside it.
pub(super) fn edited(
    connection: &Connection,
    book: i64,
    mut ledger: Ledger,
) -> Result<Ledger, StoreError> {
    let steps = changes::beside(connection, book)?;
    if !steps.is_empty() {
        let steps: Vec<Step> = steps.into_iter().map(|kept| kept.step).collect();
        for unfit in edit::apply(&mut ledger, &steps, &books::columns()?) {
            tracing::warn!(%unfit, "a change beside the book no longer fits it");
        }
    }
    Ok(ledger)
}

fn scans(tx: &Transaction<'_>) -> Result<Vec<Scan>, StoreError> {
    let mut statement = tx.prepare(
        "SELECT agent, scan, min(began), max(closed) AS ended, max(software) FROM batch
         GROUP BY agent, scan ORDER BY ended DESC, agent, scan",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Scan {
            agent: row.get(0)?,
            scan: row.get(1)?,
            from: Timestamp::from_micros(row.get(2)?),
            to: Timestamp::from_micros(row.get(3)?),
            software: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
