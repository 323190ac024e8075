//! What changed in the ledger, who did it, when and why: by importing a book, or beside it. Rows are
//! only ever added; the edits since a book's import are applied to it whenever it is read.

use daicho_common::time::Timestamp;
use serde::Serialize;

use super::StoreError;
use super::audit::{self, By};
use super::books::{self, Version};
use super::sql::{Connection, Row, Transaction, params};
use super::writer::changed;
use crate::ledger::diff::Diff;
use crate::ledger::edit::{self, Wish};
use crate::ledger::profile::Profile;
use crate::ledger::rebase::Rebased;
use crate::ledger::step::{Step, key};
use crate::ledger::{Entry, Ledger};
use crate::people::log::Deed;

/// How a change came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A new version of the book says so.
    Import,
    /// A person made it beside the book.
    Edit,
    /// It was made beside an earlier version of the book, which the new one has not taken up.
    Carried,
}

impl Cause {
    const fn text(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Edit => "edit",
            Self::Carried => "carried",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [Self::Import, Self::Edit, Self::Carried].into_iter().find(|cause| cause.text() == text)
    }
}

/// A change of the ledger, as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Grows with every change.
    pub id: i64,
    /// How it came about.
    pub cause: Cause,
    /// What the row is known by ([`key`]).
    pub key: String,
    /// What changed, before and after.
    pub step: Step,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Something that a person changes in the ledger.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What.
    pub wish: Wish,
    /// By whom, from where, when.
    pub by: By,
    /// Why.
    pub why: String,
}

/// A step beside a book, with who made it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) step: Step,
    key: String,
    at: i64,
    by: String,
    why: String,
}

/// The steps that were made beside a version of a book, in their order.
pub(super) fn beside(tx: &Connection, book: i64) -> Result<Vec<Kept>, StoreError> {
    let mut statement = tx.prepare(
        "SELECT step, entry, said_at, said_by, why FROM change
         WHERE book = $1 AND cause IN ('edit', 'carried') ORDER BY id",
    )?;
    let mut rows = statement.query([book])?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        let step = step(&row.get::<_, String>(0)?)?;
        let (key, at, by, why) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        kept.push(Kept { step, key, at, by, why });
    }
    Ok(kept)
}

fn step(text: &str) -> Result<Step, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Row { table: "change" })
}

/// A change on its way into the table.
struct New<'a> {
    book: i64,
    cause: Cause,
    key: &'a str,
    step: &'a Step,
    at: i64,
    by: &'a str,
    why: &'a str,
}

fn insert(tx: &Transaction<'_>, new: &New<'_>) -> Result<(), StoreError> {
    let step = serde_json::to_string(new.step).map_err(|_| StoreError::Row { table: "change" })?;
    tx.prepare_cached(
        "INSERT INTO change (book, cause, entry, step, said_at, said_by, why)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )?
    .execute(params![new.book, new.cause.text(), new.key, step, new.at, new.by, new.why])?;
    Ok(())
}

/// Keeps what a new version of a book changed, just as it was shown.
pub(super) fn imported(
    tx: &Transaction<'_>,
    book: i64,
    diff: &Diff,
    (at, by, why): (Timestamp, &str, &str),
) -> Result<(), StoreError> {
    let at = at.micros();
    for row in &diff.rows {
        for step in &row.steps {
            insert(tx, &New { book, cause: Cause::Import, key: &row.key, step, at, by, why })?;
        }
    }
    Ok(())
}

/// Carries edits over to a new version of their book, in the name of who made them.
pub(super) fn carry(
    tx: &Transaction<'_>,
    book: i64,
    rebased: &Rebased,
    kept: &[Kept],
) -> Result<(), StoreError> {
    for (step, origin) in &rebased.carried {
        let Some(Kept { key, at, by, why, .. }) = kept.get(*origin) else { continue };
        insert(tx, &New { book, cause: Cause::Carried, key, step, at: *at, by, why })?;
    }
    Ok(())
}

/// Makes an edit. What is so already changes nothing.
pub(super) fn edit(tx: &Transaction<'_>, wanted: &Edit) -> Result<Vec<Step>, StoreError> {
    let name = match &wanted.wish {
        Wish::Set { place, .. } | Wish::Row { place, .. } | Wish::Retire { place, .. } => {
            place.book.as_str()
        }
        Wish::Add { book, .. } => book,
    };
    let columns = books::columns()?;
    let version = books::current(tx, name)?;
    let Some(Version { id, mut ledger, steps }) = version else {
        let bad = edit::BadEdit::NoSuchSheet(name.to_owned(), String::new());
        return Err(StoreError::Edit(bad));
    };
    let before: Vec<Step> = steps.into_iter().map(|kept| kept.step).collect();
    edit::apply(&mut ledger, &before, &columns);
    let planned = edit::plan(&ledger, &wanted.wish, &columns).map_err(StoreError::Edit)?;
    edit::apply(&mut ledger, &planned, &columns);
    for step in &planned {
        let entry = ledger.entries.iter().find(|entry| entry.place == *step.place());
        let key = entry.map(|entry| known_by(&ledger, entry)).unwrap_or_default();
        let (author, why) = (&wanted.by, wanted.why.as_str());
        let (at, by) = (author.at.micros(), author.who.as_str());
        insert(tx, &New { book: id, cause: Cause::Edit, key: &key, step, at, by, why })?;
        let about = audit::because(format!("{name} {key}"), why);
        audit::by(tx, author, Deed::LedgerChanged, about)?;
    }
    if !planned.is_empty() {
        changed(tx)?;
    }
    Ok(planned)
}

fn known_by(ledger: &Ledger, entry: &Entry) -> String {
    key(entry, ledger.sheets.get(entry.sheet).is_some_and(|sheet| sheet.counted))
}

/// Every change, or those of one row: by its key (`asset_number=A-1`) or what stands behind the sign
/// of equality (`A-1`). In the order in which they were made.
pub(super) fn history(
    connection: &Connection,
    wanted: Option<&str>,
) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection
        .prepare("SELECT id, cause, entry, step, said_at, said_by, why FROM change ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let entry = row.get_ref(2)?.as_str().map_err(|_| StoreError::Row { table: "change" })?;
        let behind = entry.split_once('=').map_or(entry, |(_, behind)| behind);
        if wanted.is_none_or(|wanted| wanted == entry || wanted == behind) {
            changes.push(change(&row)?);
        }
    }
    Ok(changes)
}

/// The latest changes of the row that is known by just this key, the latest first, at most so many.
pub(super) fn latest(
    connection: &Connection,
    key: &str,
    most: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT id, cause, entry, step, said_at, said_by, why FROM change
         WHERE entry = $1 ORDER BY id DESC LIMIT $2",
    )?;
    let mut rows = statement.query(params![key, i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(change(&row)?);
    }
    Ok(changes)
}

fn change(row: &Row<'_>) -> Result<Change, StoreError> {
    let cause = Cause::of(&row.get::<_, String>(1)?);
    Ok(Change {
        id: row.get(0)?,
        cause: cause.ok_or(StoreError::Row { table: "change" })?,
        key: row.get(2)?,
        step: step(&row.get::<_, String>(3)?)?,
        at: Timestamp::from_micros(row.get(4)?),
        by: row.get(5)?,
        why: row.get(6)?,
    })
}

/// What people said that columns mean; the newest word on each shape.
pub(super) fn profiles(connection: &Connection) -> Result<Vec<Profile>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT content FROM profile WHERE id IN (SELECT max(id) FROM profile GROUP BY shape)
         AND content IS NOT NULL ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut profiles = Vec::new();
    while let Some(row) = rows.next()? {
        let content: String = row.get(0)?;
        let profile = serde_json::from_str(&content);
        profiles.push(profile.map_err(|_| StoreError::Row { table: "profile" })?);
    }
    Ok(profiles)
}

/// Keeps profiles; those that hold already change nothing.
pub(super) fn keep_profiles(
    tx: &Transaction<'_>,
    new: &[Profile],
    (author, why): (&By, &str),
) -> Result<usize, StoreError> {
    let (by, at) = author.said();
    let known = profiles(tx)?;
    let mut kept = 0;
    for profile in new.iter().filter(|profile| !known.contains(profile)) {
        let content =
            serde_json::to_string(profile).map_err(|_| StoreError::Row { table: "profile" })?;
        tx.execute(
            "INSERT INTO profile (shape, content, said_at, said_by, why)
             VALUES ($1, $2, $3, $4, $5)",
            params![profile.shape(), content, at.micros(), by, why],
        )?;
        audit::by(tx, author, Deed::ProfileKept, audit::because(profile.shape(), why))?;
        kept += 1;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
