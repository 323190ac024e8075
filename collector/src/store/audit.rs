//! The audit log. Rows are written in the transaction of what they tell of, so that there is neither
//! without the other; [`crate::people::log`] chains them.

use daicho_common::time::Timestamp;

use super::sql::{Connection, OptionalExtension, Row, Transaction, params};
use super::{Store, StoreError, reader};
use crate::people::log::{self, Broken, Deed, Entry, Head, Reading};

const BROKEN: StoreError = StoreError::Row { table: "audit" };

/// Who does something, from where, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who, as they sign.
    pub who: String,
    /// The address; empty on the machine itself.
    pub address: String,
    /// When.
    pub at: Timestamp,
}

impl By {
    /// Somebody on the machine itself.
    pub fn here(who: String, at: Timestamp) -> Self {
        Self { who, address: String::new(), at }
    }

    /// Who and when.
    pub(super) fn said(&self) -> (&str, Timestamp) {
        (&self.who, self.at)
    }
}

impl From<(String, Timestamp)> for By {
    fn from((who, at): (String, Timestamp)) -> Self {
        Self::here(who, at)
    }
}

/// Adds a row.
pub(super) fn add(tx: &Transaction<'_>, entry: Entry) -> Result<(), StoreError> {
    let row = head(tx)?.row(entry);
    tx.prepare_cached(
        "INSERT INTO audit (number, at, who, address, deed, about, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )?
    .execute(params![
        i64::try_from(row.number).map_err(|_| BROKEN)?,
        row.at.micros(),
        row.who,
        row.address,
        row.deed,
        row.about,
        row.digest
    ])?;
    Ok(())
}

/// Adds a row about a change that is kept with its author elsewhere too.
pub(super) fn note(
    tx: &Transaction<'_>,
    (who, at): (&str, Timestamp),
    deed: Deed,
    about: String,
) -> Result<(), StoreError> {
    add(tx, Entry { at, who: who.to_owned(), address: String::new(), deed, about })
}

/// The same, by somebody whose address is known.
pub(super) fn by(
    tx: &Transaction<'_>,
    by: &By,
    deed: Deed,
    about: String,
) -> Result<(), StoreError> {
    let By { who, address, at } = by.clone();
    add(tx, Entry { at, who, address, deed, about })
}

/// What was done, with why where that was said.
pub(super) fn because(about: String, why: &str) -> String {
    if why.is_empty() { about } else { format!("{about}: {why}") }
}

fn head(connection: &Connection) -> Result<Head, StoreError> {
    let newest = "SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1";
    let found: Option<(i64, [u8; 32])> = connection
        .prepare_cached(newest)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, digest)) = found else { return Ok(Head::default()) };
    Ok(Head { number: u64::try_from(number).map_err(|_| BROKEN)?, digest })
}

fn row(row: &Row<'_>) -> Result<log::Row, StoreError> {
    Ok(log::Row {
        number: u64::try_from(row.get::<_, i64>(0)?).map_err(|_| BROKEN)?,
        at: Timestamp::from_micros(row.get(1)?),
        who: row.get(2)?,
        address: row.get(3)?,
        deed: row.get(4)?,
        about: row.get(5)?,
        digest: row.get(6)?,
    })
}

/// Reads the whole log, in a transaction.
pub(super) fn verify(
    tx: &Connection,
    known: Option<Head>,
) -> Result<Result<Head, Broken>, StoreError> {
    let mut statement = tx.prepare(
        "SELECT number, at, who, address, deed, about, digest FROM audit ORDER BY number",
    )?;
    let mut rows = statement.query_many([])?;
    let mut reading = Reading::with(known);
    while let Some(one) = rows.next()? {
        if let Err(broken) = reading.next(&row(&one)?) {
            return Ok(Err(broken));
        }
    }
    Ok(reading.end())
}

impl Store {
    /// Keeps in the log that something was done that changes nothing else here.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn note(&self, deed: Deed, about: String, author: By) -> Result<(), StoreError> {
        self.writer.write(move |tx| by(tx, &author, deed, about))
    }

    /// The end of the log.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn log_head(&self) -> Result<Head, StoreError> {
        head(&self.read())
    }

    /// The number of the log's latest row, and whether anything of this deed was done after the row of
    /// this number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn done_since(&self, number: u64, deed: Deed) -> Result<(u64, bool), StoreError> {
        let connection = self.read();
        let latest = head(&connection)?.number;
        let since = "SELECT number FROM audit WHERE number > $1 AND deed = $2 LIMIT 1";
        let after = i64::try_from(number).unwrap_or(i64::MAX);
        let done = connection.prepare_cached(since)?.exists(params![after, deed.name()])?;
        Ok((latest, done))
    }

    /// Rows of the log from this number downwards, the latest first, at most so many.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn log_rows(&self, from: u64, most: usize) -> Result<Vec<log::Row>, StoreError> {
        let connection = reader(&self.place)?;
        let mut statement = connection.prepare(
            "SELECT number, at, who, address, deed, about, digest FROM audit
             WHERE number <= $1 ORDER BY number DESC LIMIT $2",
        )?;
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![from, i64::try_from(most).unwrap_or(i64::MAX)])?;
        let mut read = Vec::new();
        while let Some(one) = rows.next()? {
            read.push(row(&one)?);
        }
        Ok(read)
    }

    /// Reads the whole log, and says where it ceases to fit if it does. A head that is known from
    /// elsewhere finds a tail that was cut off or made anew.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn verify_log(&self, known: Option<Head>) -> Result<Result<Head, Broken>, StoreError> {
        let connection = reader(&self.place)?;
        verify(&*connection.transaction()?, known)
    }
}
