//! What stands beside the ledger: parties, contracts, forms … . Rows are only ever added; the newest
//! of a kind and name holds, and one without content says that it was taken out.

use daicho_common::time::Timestamp;
use serde::Serialize;

use super::StoreError;
use super::audit::{self, By};
use super::sql::{Connection, OptionalExtension, Transaction, params};
use super::writer::changed;
use crate::people::log::Deed;
use crate::register::{Kind, Record, Register};

const BROKEN: StoreError = StoreError::Row { table: "register" };

/// A version of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub id: String,
    /// The record as JSON; `None`: it was taken out.
    pub content: Option<String>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
}

/// What a record has to be, so that it is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// Whatever it is.
    Any,
    /// There is none of its kind and name.
    Nothing,
    /// This, as JSON.
    Is(String),
}

/// How many records a change of the register touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// There were none of this kind and name.
    pub new: usize,
    /// They said something else before.
    pub replaced: usize,
    /// They said the same.
    pub unchanged: usize,
}

/// Who says it, from where and when; and why.
type Author<'a> = (&'a By, &'a str);

/// The register as it holds.
pub(super) fn read(connection: &Connection) -> Result<Register, StoreError> {
    let mut statement = connection.prepare(
        "SELECT kind, content FROM register
         WHERE id IN (SELECT max(id) FROM register GROUP BY kind, name) AND content IS NOT NULL
         ORDER BY kind, name",
    )?;
    let mut rows = statement.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: Kind = row.get::<_, String>(0)?.parse().map_err(|_| BROKEN)?;
        let content: String = row.get(1)?;
        records.push(Record::from_json(kind, &content).map_err(|_| BROKEN)?);
    }
    Ok(records.into_iter().collect())
}

/// The newest content of a record; `None` if there never was one, or it was taken out.
fn newest(tx: &Transaction<'_>, kind: Kind, id: &str) -> Result<Option<String>, StoreError> {
    let found: Option<Option<String>> = tx
        .query_row(
            "SELECT content FROM register WHERE kind = $1 AND name = $2 ORDER BY id DESC LIMIT 1",
            params![kind.name(), id],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.flatten())
}

/// Whether a record is as it has to be.
pub(super) fn is_as(
    tx: &Transaction<'_>,
    (kind, id): (Kind, &str),
    before: &Before,
) -> Result<bool, StoreError> {
    let content = match before {
        Before::Any => return Ok(true),
        Before::Nothing => return Ok(newest(tx, kind, id)?.is_none()),
        Before::Is(content) => content,
    };
    let Some(text) = newest(tx, kind, id)? else { return Ok(false) };
    // An earlier release may have written it otherwise.
    let record = Record::from_json(kind, &text).map_err(|_| BROKEN)?;
    Ok(*content == record.to_json().map_err(|_| BROKEN)?)
}

/// Keeps records; what says the same already changes nothing.
pub(super) fn keep(
    tx: &Transaction<'_>,
    register: &Register,
    author: Author<'_>,
) -> Result<Touched, StoreError> {
    let mut touched = Touched::default();
    for record in register.records() {
        let content = record.to_json().map_err(|_| BROKEN)?;
        match newest(tx, record.kind(), record.id())? {
            Some(known) if known == content => {
                touched.unchanged += 1;
                continue;
            }
            Some(_) => touched.replaced += 1,
            None => touched.new += 1,
        }
        insert(tx, (record.kind(), record.id()), Some(&content), author)?;
        told(tx, (record.kind(), record.id()), Deed::RegisterKept, author)?;
    }
    if touched.new + touched.replaced > 0 {
        changed(tx)?;
    }
    Ok(touched)
}

/// Takes a record out; returns whether it was there.
pub(super) fn remove(
    tx: &Transaction<'_>,
    kind: Kind,
    id: &str,
    author: Author<'_>,
) -> Result<bool, StoreError> {
    if newest(tx, kind, id)?.is_none() {
        return Ok(false);
    }
    insert(tx, (kind, id), None, author)?;
    told(tx, (kind, id), Deed::RegisterRemoved, author)?;
    changed(tx)?;
    Ok(true)
}

fn told(
    tx: &Transaction<'_>,
    (kind, id): (Kind, &str),
    deed: Deed,
    (by, why): Author<'_>,
) -> Result<(), StoreError> {
    audit::by(tx, by, deed, audit::because(format!("{} {id}", kind.name()), why))
}

fn insert(
    tx: &Transaction<'_>,
    (kind, id): (Kind, &str),
    content: Option<&str>,
    (By { who, at, .. }, why): Author<'_>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO register (kind, name, content, said_at, said_by, why)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![kind.name(), id, content, at.micros(), who, why],
    )?;
    Ok(())
}

/// Every version of every record, or of those of this name, in the order in which they were said.
pub(super) fn history(
    connection: &Connection,
    id: Option<&str>,
) -> Result<Vec<Version>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT kind, name, content, said_at, said_by, why FROM register
         WHERE name = $1 OR $1 IS NULL ORDER BY id",
    )?;
    let mut rows = statement.query(params![id])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        versions.push(Version {
            kind: row.get::<_, String>(0)?.parse().map_err(|_| BROKEN)?,
            id: row.get(1)?,
            content: row.get(2)?,
            at: Timestamp::from_micros(row.get(3)?),
            by: row.get(4)?,
            why: row.get(5)?,
        });
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::super::fresh::store;
    use super::*;

    #[test]
    fn every_version_of_a_record_is_kept_and_the_newest_holds() {
        let (_folder, store) = store();
        let said =
            |seconds: i64| By::here("田中".into(), Timestamp::from_micros(seconds * 1_000_000));
        let party = |name: &str| {
            let text = format!("[[party]]\nid = \"a\"\nname = \"{name}\"\nroles = [\"maker\"]");
            Register::parse(&text).unwrap()
        };
        let keep = |name: &str, seconds| {
            store.keep_register(party(name), said(seconds), "契約".into()).unwrap()
        };
        assert_eq!(keep("甲", 1), Touched { new: 1, ..Touched::default() });
        let revision = store.revision().unwrap();
        assert_eq!(keep("甲", 2), Touched { unchanged: 1, ..Touched::default() });
        assert_eq!(store.revision().unwrap(), revision);
        assert_eq!(keep("乙", 3), Touched { replaced: 1, ..Touched::default() });
        assert_eq!(store.register().unwrap(), party("乙"));
        let gone = || store.remove_record(Kind::Party, "a".into(), said(4), "合併".into()).unwrap();
        assert!(gone() && !gone());
        assert_eq!(store.register().unwrap(), Register::default());
        let history = store.register_history(Some("a")).unwrap();
        let whys: Vec<(&str, bool)> =
            history.iter().map(|v| (v.why.as_str(), v.content.is_some())).collect();
        assert_eq!(whys, [("契約", true), ("契約", true), ("合併", false)]);
        assert_eq!(history[1].by, "田中");
        assert_eq!(keep("甲", 5), Touched { new: 1, ..Touched::default() });
    }
}
