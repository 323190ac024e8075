//! The numbers of facts.

use std::collections::HashMap;

use rusqlite::types::{ToSqlOutput, ValueRef};

use super::key::Key;
use crate::store::StoreError;
use crate::store::sql::{Row, Transaction};

/// How many numbers are looked up at once on a server, the smallest that is enough.
const SIZES: [usize; 3] = [8, 64, 512];
/// Facts that nobody asked for and that are read nevertheless, before the next one is sought.
const PASSED: usize = 16;

/// The number of the last fact; 0 if there is none.
pub(in crate::store) fn last(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    let text = "SELECT coalesce(max(id), 0) FROM fact";
    Ok(tx.prepare_cached(text)?.query_row([], |row| row.get(0))?)
}

/// The number of each fact, if it is there; keys are ascending, each once.
pub(in crate::store) fn numbers(
    tx: &Transaction<'_>,
    keys: &[Key],
) -> Result<Vec<Option<i64>>, StoreError> {
    if tx.remote().is_some() { in_lists(tx, keys) } else { in_step(tx, keys) }
}

/// Reads the index beside the keys, both in order: what one speaker says lies together in both.
fn in_step(tx: &Transaction<'_>, keys: &[Key]) -> Result<Vec<Option<i64>>, StoreError> {
    let mut numbers: Vec<Option<i64>> = Vec::with_capacity(keys.len());
    let mut statement =
        tx.prepare_cached("SELECT key, id FROM fact WHERE key >= $1 ORDER BY key")?;
    while let Some(sought) = keys.get(numbers.len()) {
        let mut rows = statement.query([value(sought)])?;
        let mut passed = 0;
        while passed < PASSED {
            let Some(row) = rows.next()? else {
                numbers.resize(keys.len(), None);
                break;
            };
            let here = key(&row)?;
            while keys.get(numbers.len()).is_some_and(|sought| *sought < here) {
                numbers.push(None);
            }
            match keys.get(numbers.len()) {
                Some(sought) if *sought == here => {
                    numbers.push(Some(row.get(1)?));
                    passed = 0;
                }
                Some(_) => passed += 1,
                None => break,
            }
        }
    }
    Ok(numbers)
}

/// Asks for many at once, because each statement is a journey.
fn in_lists(tx: &Transaction<'_>, keys: &[Key]) -> Result<Vec<Option<i64>>, StoreError> {
    let mut found = HashMap::with_capacity(keys.len());
    for part in keys.chunks(SIZES[2]) {
        let size = SIZES.into_iter().find(|size| *size >= part.len()).unwrap_or(part.len());
        let named: Vec<String> = (1..=size).map(|at| format!("${at}")).collect();
        let text = format!("SELECT key, id FROM fact WHERE key IN ({})", named.join(", "));
        // What is left of the statement asks for the last one again.
        let padded = part.iter().chain(part.last().into_iter().cycle()).take(size);
        let values: Vec<ToSqlOutput<'_>> = padded.map(value).collect();
        let mut statement = tx.prepare_cached(&text)?;
        let mut rows = statement.query(&values[..])?;
        while let Some(row) = rows.next()? {
            found.insert(key(&row)?, row.get(1)?);
        }
    }
    Ok(keys.iter().map(|key| found.get(key).copied()).collect())
}

fn value(key: &Key) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(&key.0))
}

fn key(row: &Row<'_>) -> Result<Key, StoreError> {
    let octets = row.get_ref(0)?.as_blob().ok().and_then(|octets| octets.try_into().ok());
    octets.map(Key).ok_or(StoreError::Row { table: "fact" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::Store;

    fn key(number: u16) -> Key {
        let mut key = [7; 24];
        key[10..12].copy_from_slice(&number.to_be_bytes());
        Key(key)
    }

    fn keys(numbers: &[u16]) -> Vec<Key> {
        numbers.iter().map(|number| key(*number)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_number_of_each_fact_is_found_in_step_as_in_lists(
            there in prop::collection::btree_set(0_u16..400, 0..300),
            sought in prop::collection::btree_set(0_u16..420, 0..300),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path().join("daicho.db")).unwrap();
            let sought: Vec<u16> = sought.into_iter().collect();
            let expected: Vec<Option<i64>> =
                sought.iter().map(|it| there.contains(it).then(|| i64::from(*it) + 1)).collect();
            let keys = keys(&sought);
            let found = store.writer.write(move |tx| {
                for number in there {
                    let text = "INSERT INTO fact (id, key, content) VALUES ($1, $2, '')";
                    let (id, key) = (ToSqlOutput::from(i64::from(number) + 1), key(number));
                    tx.prepare_cached(text)?.execute(&[id, value(&key)][..])?;
                }
                Ok((in_step(tx, &keys)?, in_lists(tx, &keys)?))
            });
            let (in_step, in_lists) = found.unwrap();
            prop_assert_eq!(in_step, expected.clone());
            prop_assert_eq!(in_lists, expected);
        }
    }
}
