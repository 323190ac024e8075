//! The observations of a batch on their way into the tables. What they are known by is made in another
//! thread while the writer works; of what was said before only its number is looked up, many at once.

use std::collections::HashMap;
use std::sync::mpsc::sync_channel;

use daicho_common::observation::Observation;
use rusqlite::types::Value;

use super::hash;
use crate::archive::Content;
use crate::store::StoreError;
use crate::store::sql::Transaction;
use crate::store::sql::bulk::Into;

/// Observations that are made ready and inserted at a time.
const PART: usize = 8192;
/// Parts that wait for the writer at most.
const WAITING: usize = 2;
/// How many numbers are looked up at once, the smallest that is enough.
const SIZES: [usize; 3] = [8, 64, 512];

type Hash = [u8; 16];

/// An observation as the tables know it.
struct Ready {
    observation: Hash,
    at: i64,
    hash: Hash,
    content: String,
}

impl Ready {
    fn of(observation: &Observation) -> Self {
        let content = Content::text(observation);
        let id = Content::id(&content, observation.at).octets();
        Self { observation: id, at: observation.at.micros(), hash: hash(&content), content }
    }

    /// In the order of the table, so that neighbours are written together.
    fn part(observations: &[Observation]) -> Vec<Self> {
        let mut part: Vec<Self> = observations.iter().map(Self::of).collect();
        part.sort_unstable_by_key(|ready| ready.observation);
        part
    }
}

/// How many observations are new.
pub(super) fn insert(
    tx: &Transaction<'_>,
    observations: &[Observation],
    batch: i64,
) -> Result<usize, StoreError> {
    if observations.len() <= PART {
        return insert_part(tx, Ready::part(observations), batch);
    }
    std::thread::scope(|scope| {
        let (give, ready) = sync_channel(WAITING);
        scope.spawn(move || {
            for part in observations.chunks(PART) {
                if give.send(Ready::part(part)).is_err() {
                    // The writer failed, and takes no more.
                    break;
                }
            }
        });
        let mut new = 0;
        for part in ready {
            new += insert_part(tx, part, batch)?;
        }
        Ok(new)
    })
}

fn insert_part(
    tx: &Transaction<'_>,
    mut part: Vec<Ready>,
    batch: i64,
) -> Result<usize, StoreError> {
    let facts = facts(tx, &mut part)?;
    let mut values = Vec::with_capacity(part.len() * 4);
    for Ready { observation, at, hash, .. } in part {
        let fact = facts.get(&hash).ok_or(StoreError::Row { table: "fact" })?;
        values.extend([
            Value::Blob(observation.to_vec()),
            Value::Integer(*fact),
            Value::Integer(at),
            Value::Integer(batch),
        ]);
    }
    let into = Into {
        table: "sighting",
        columns: &["observation", "fact", "at", "batch"],
        end: "ON CONFLICT (observation) DO NOTHING",
    };
    Ok(tx.insert_all(&into, &values)?)
}

/// The number of every fact; those that are not there yet are kept.
fn facts(tx: &Transaction<'_>, part: &mut [Ready]) -> Result<HashMap<Hash, i64>, StoreError> {
    let mut hashes: Vec<Hash> = part.iter().map(|ready| ready.hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let mut facts = known(tx, &hashes)?;
    let mut new = Vec::new();
    for ready in part.iter_mut().filter(|ready| !facts.contains_key(&ready.hash)) {
        let content = std::mem::take(&mut ready.content);
        new.push((ready.hash, content));
    }
    new.sort_unstable_by_key(|(hash, _)| *hash);
    new.dedup_by_key(|(hash, _)| *hash);
    let values = new.into_iter();
    let values = values.flat_map(|(hash, text)| [Value::Blob(hash.to_vec()), Value::Text(text)]);
    let into = Into { table: "fact", columns: &["hash", "content"], end: "RETURNING hash, id" };
    tx.insert_giving(&into, &values.collect::<Vec<_>>(), |row| {
        facts.insert(row.get(0)?, row.get(1)?);
        Ok(())
    })?;
    Ok(facts)
}

fn known(tx: &Transaction<'_>, hashes: &[Hash]) -> Result<HashMap<Hash, i64>, StoreError> {
    let mut facts = HashMap::with_capacity(hashes.len());
    for part in hashes.chunks(SIZES[2]) {
        let size = SIZES.into_iter().find(|size| *size >= part.len()).unwrap_or(part.len());
        let named: Vec<String> = (1..=size).map(|at| format!("${at}")).collect();
        let text = format!("SELECT hash, id FROM fact WHERE hash IN ({})", named.join(", "));
        // What is left of the statement asks for the last one again.
        let padded = part.iter().chain(part.last().into_iter().cycle()).take(size);
        let values: Vec<Value> = padded.map(|hash| Value::Blob(hash.to_vec())).collect();
        let mut statement = tx.prepare_cached(&text)?;
        let mut rows = statement.query(&values[..])?;
        while let Some(row) = rows.next()? {
            facts.insert(row.get(0)?, row.get(1)?);
        }
    }
    Ok(facts)
}
