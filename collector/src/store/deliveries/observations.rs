//! The observations of a batch on their way into the tables. What they say and what that is known by is
//! made in other threads while the writer works, which looks up the numbers of facts that were said before
//! and packs what was seen.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};

use daicho_common::observation::Observation;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::facts;
use super::key::Key;
use super::packed::{self, PART, Packed, Seen};
use crate::archive::Content;
use crate::parallel;
use crate::store::StoreError;
use crate::store::sql::bulk::Into;
use crate::store::sql::{Transaction, params};

/// Parts that wait for the writer at most.
const WAITING: usize = 2;

/// Some observations, made ready for the tables.
#[derive(Default)]
struct Part {
    /// What they say, one after the other.
    texts: Vec<u8>,
    /// Ascending by key, then by time.
    ready: Vec<Ready>,
}

struct Ready {
    key: Key,
    at: i64,
    /// Where in the texts it stands what is said.
    text: Range<usize>,
}

impl Part {
    fn of(observations: &[Observation]) -> Self {
        let mut part = Self::default();
        for observation in observations {
            let from = part.texts.len();
            Content::write(observation, &mut part.texts);
            let text = from..part.texts.len();
            let key = Key::of(observation, part.texts.get(text.clone()).unwrap_or_default());
            part.ready.push(Ready { key, at: observation.at.micros(), text });
        }
        part.ready.sort_unstable_by_key(|ready| (ready.key, ready.at));
        part
    }

    fn text(&self, ready: &Ready) -> &[u8] {
        self.texts.get(ready.text.clone()).unwrap_or_default()
    }

    /// What each fact is known by, ascending, each once.
    fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.ready.iter().map(|ready| ready.key).collect();
        keys.dedup();
        keys
    }

    /// What is said alike, together.
    fn said(&self) -> impl Iterator<Item = &[Ready]> {
        self.ready.chunk_by(|a, b| a.key == b.key)
    }
}

/// How many observations are new.
pub(super) fn insert(
    tx: &Transaction<'_>,
    observations: &[Observation],
    batch: i64,
) -> Result<usize, StoreError> {
    if observations.len() <= PART {
        return insert_part(tx, &Part::of(observations), batch);
    }
    let makers = parallel::hands();
    std::thread::scope(|scope| {
        let maker = |first: usize| {
            let (give, ready) = sync_channel(WAITING);
            scope.spawn(move || {
                for part in observations.chunks(PART).skip(first).step_by(makers) {
                    if give.send(Part::of(part)).is_err() {
                        // The writer failed, and takes no more.
                        break;
                    }
                }
            });
            ready
        };
        let ready: Vec<Receiver<Part>> = (0..makers).map(maker).collect();
        let mut new = 0;
        // In turn, so that facts have the same numbers however many make them ready. Whose end comes first
        // had the last part, or nothing at all.
        for part in ready.iter().cycle().map_while(|ready| ready.recv().ok()) {
            new += insert_part(tx, &part, batch)?;
        }
        Ok(new)
    })
}

fn insert_part(tx: &Transaction<'_>, part: &Part, batch: i64) -> Result<usize, StoreError> {
    let known = facts::numbers(tx, &part.keys())?;
    let (mut seen, mut again) = (Vec::with_capacity(part.ready.len()), Vec::new());
    let mut new = Vec::new();
    let mut last = facts::last(tx)?;
    for (said, known) in part.said().zip(known) {
        let times = said.iter().map(|ready| ready.at);
        if let Some(fact) = known {
            again.extend(times.map(|at| (fact, at)));
        } else if let Some(first) = said.first() {
            last += 1;
            seen.extend(times.map(|at| (last, at)));
            new.extend([
                ToSqlOutput::from(last),
                ToSqlOutput::Borrowed(ValueRef::Blob(&first.key.0)),
                ToSqlOutput::Borrowed(ValueRef::Text(part.text(first))),
            ]);
        }
    }
    let into = Into { table: "fact", columns: &["id", "key", "content"], end: "" };
    tx.insert_all(&into, &new)?;
    again.sort_unstable();
    again.dedup();
    leave_out_known(tx, &mut again)?;
    seen.append(&mut again);
    seen.sort_unstable();
    seen.dedup();
    if let Some(packed) = Packed::of(&seen) {
        packed.insert(tx, batch)?;
    }
    Ok(seen.len())
}

/// Takes out those that are there already. They can only be in rows whose times reach over theirs, and what
/// comes is mostly later than whatever came before.
fn leave_out_known(tx: &Transaction<'_>, seen: &mut Vec<Seen>) -> Result<(), StoreError> {
    let times = || seen.iter().map(|(_, at)| *at);
    let (Some(since), Some(until)) = (times().min(), times().max()) else { return Ok(()) };
    let text = "SELECT since, octets FROM seen WHERE until >= $1 AND since <= $2";
    let mut statement = tx.prepare_cached(text)?;
    let mut rows = statement.query_many(params![since, until])?;
    let mut known = Vec::new();
    while let Some(row) = rows.next()? {
        packed::read(&row, |one| {
            if (since..=until).contains(&one.1) && seen.binary_search(&one).is_ok() {
                known.push(one);
            }
        })?;
    }
    known.sort_unstable();
    seen.retain(|one| known.binary_search(one).is_err());
    Ok(())
}
