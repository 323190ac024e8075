//! What was seen, brought from a row an observation into packed rows, and facts under keys by which those
//! of one device lie together. Everything stays that was there: an observation was known by a digest of
//! what it says and when, and is known by these two now.

use rusqlite::types::{ToSqlOutput, ValueRef};

use super::super::StoreError;
use super::super::deliveries::key::Key;
use super::super::deliveries::packed::{PART, Packed, Seen};
use super::super::sql::bulk::Into;
use super::super::sql::{Connection, params};
use crate::parallel;

/// Facts that are brought over at a time.
const FACTS: i64 = 8192;

/// Brings everything from the tables of before, which are no longer there then.
pub(super) fn pack(tx: &Connection) -> Result<(), StoreError> {
    facts(tx)?;
    let mut batches = tx.prepare("SELECT DISTINCT batch FROM sighting ORDER BY batch")?;
    let batches = batches.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    for batch in batches {
        seen(tx, batch)?;
    }
    Ok(tx.execute_batch("DROP TABLE sighting; DROP TABLE fact_before;")?)
}

fn facts(tx: &Connection) -> Result<(), StoreError> {
    let into = Into { table: "fact", columns: &["id", "key", "content"], end: "" };
    let mut last = 0_i64;
    loop {
        let mut some =
            tx.prepare("SELECT id, content FROM fact_before WHERE id > $1 ORDER BY id LIMIT $2")?;
        let some = some.query_map([last, FACTS], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let some = some.collect::<Result<Vec<(i64, String)>, _>>()?;
        let Some((id, _)) = some.last() else { return Ok(()) };
        last = *id;
        let keys = parallel::each(&some, |(_, text)| Key::of_text(text));
        let values = some.iter().zip(&keys).flat_map(|((id, text), key)| {
            [
                ToSqlOutput::from(*id),
                ToSqlOutput::Borrowed(ValueRef::Blob(&key.0)),
                ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            ]
        });
        tx.insert_all(&into, &values.collect::<Vec<_>>())?;
    }
}

fn seen(tx: &Connection, batch: i64) -> Result<(), StoreError> {
    let mut rows =
        tx.prepare("SELECT fact, at FROM sighting WHERE batch = $1 ORDER BY fact, at")?;
    let rows = rows.query_map(params![batch], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let seen = rows.collect::<Result<Vec<Seen>, _>>()?;
    for part in seen.chunks(PART) {
        Packed::of(part).map_or(Ok(()), |packed| packed.insert(tx, batch))?;
    }
    Ok(())
}
