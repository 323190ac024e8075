//! Observations that are folded away: what they say was said before and after them, too.

use std::collections::HashSet;

use daicho_common::observation::Observation;

use super::facts;
use super::key::Key;
use super::packed::{self, Packed, Seen};
use crate::archive::Content;
use crate::people::log::Deed;
use crate::store::audit::{self, By};
use crate::store::sql::{Transaction, params};
use crate::store::writer::changed;
use crate::store::{Store, StoreError};

impl Store {
    /// Takes these observations out, because they are older than so many days. What they said stays,
    /// with the first and the last time of it. Returns how many were there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn fold(
        &self,
        observations: Vec<Observation>,
        days: u32,
        by: By,
    ) -> Result<usize, StoreError> {
        self.writer.write(move |tx| {
            let mut folded = 0;
            let out = numbered(tx, &observations)?;
            for row in reaching(tx, &out)? {
                folded += take_out(tx, row, &out)?;
            }
            audit::by(tx, &by, Deed::ObservationsFolded, format!("{folded}: {days} days"))?;
            changed(tx)?;
            Ok(folded)
        })
    }
}

/// These observations as the tables know them; what is unknown is left out.
fn numbered(
    tx: &Transaction<'_>,
    observations: &[Observation],
) -> Result<HashSet<Seen>, StoreError> {
    let with_key = |it: &Observation| (Key::of(it, Content::text(it).as_bytes()), it.at.micros());
    let mut wanted: Vec<(Key, i64)> = observations.iter().map(with_key).collect();
    wanted.sort_unstable();
    let mut keys: Vec<Key> = wanted.iter().map(|(key, _)| *key).collect();
    keys.dedup();
    let numbers = facts::numbers(tx, &keys)?;
    let said = wanted.chunk_by(|a, b| a.0 == b.0).zip(numbers);
    let known = said.filter_map(|(said, number)| Some((said, number?)));
    Ok(known.flat_map(|(said, fact)| said.iter().map(move |(_, at)| (fact, *at))).collect())
}

/// The rows whose times reach over those of these.
fn reaching(tx: &Transaction<'_>, out: &HashSet<Seen>) -> Result<Vec<i64>, StoreError> {
    let times = || out.iter().map(|(_, at)| *at);
    let (Some(since), Some(until)) = (times().min(), times().max()) else { return Ok(vec![]) };
    let text = "SELECT id FROM seen WHERE until >= $1 AND since <= $2 ORDER BY id";
    let mut statement = tx.prepare_cached(text)?;
    let rows = statement.query_map(params![since, until], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes out of a row what is in the set; says how many that were.
fn take_out(tx: &Transaction<'_>, row: i64, out: &HashSet<Seen>) -> Result<usize, StoreError> {
    let (mut all, mut left) = (0, Vec::new());
    let mut read = Ok(());
    tx.prepare_cached("SELECT since, octets FROM seen WHERE id = $1")?.query_row([row], |row| {
        read = packed::read(row, |one| {
            all += 1;
            if !out.contains(&one) {
                left.push(one);
            }
        });
        Ok(())
    })?;
    read?;
    if left.len() < all {
        match Packed::of(&left) {
            Some(packed) => packed.replace(tx, row)?,
            None => tx.execute("DELETE FROM seen WHERE id = $1", [row]).map(drop)?,
        }
    }
    Ok(all - left.len())
}
