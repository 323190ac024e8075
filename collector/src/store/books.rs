//! Books of record as imported: the file's octets and what was read from them, with who and when.

use daicho_common::time::Timestamp;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::audit::{self, By};
use super::changes::{self, Kept};
use super::sql::{Connection, OptionalExtension, Transaction, params};
use super::writer::changed;
use crate::ledger::Ledger;
use crate::ledger::columns::Columns;
use crate::ledger::diff::{self, Diff};
use crate::ledger::edit;
use crate::ledger::rebase::{Prefer, Rebased, rebase};
use crate::ledger::step::Step;
use crate::people::log::{Deed, hex};

/// The newest book of each name.
pub(super) const CURRENT: &str = "id IN (SELECT max(id) FROM book GROUP BY name)";

/// A book to keep.
#[derive(Clone, Debug)]
pub struct NewBook {
    /// The file's name, without its folder.
    pub name: String,
    /// The file as it was.
    pub octets: Vec<u8>,
    /// What was read from it.
    pub ledger: Ledger,
    /// When it was imported.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// What became of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// There was no book of this name.
    New,
    /// It takes the place of an earlier one, which is kept as history.
    Replaced,
    /// A current book has just this content; nothing changed.
    AlreadyKnown,
}

/// What a book would change, and what becomes of changes that people made beside its earlier version.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Whether there is an earlier version.
    pub imported: Imported,
    /// What changes against the ledger as it is, edits and all.
    pub diff: Diff,
    /// The edits.
    pub rebased: Rebased,
}

/// A version of a book as kept, and the steps that were made beside it.
pub(super) struct Version {
    pub(super) id: i64,
    pub(super) ledger: Ledger,
    pub(super) steps: Vec<Kept>,
}

/// The current version of a book.
pub(super) fn current(tx: &Connection, name: &str) -> Result<Option<Version>, StoreError> {
    let broken = || StoreError::Row { table: "book" };
    let found: Option<(i64, String)> = tx
        .query_row(
            "SELECT id, ledger FROM book WHERE name = $1 ORDER BY id DESC LIMIT 1",
            [name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((id, text)) = found else { return Ok(None) };
    let ledger = serde_json::from_str(&text).map_err(|_| broken())?;
    Ok(Some(Version { id, ledger, steps: changes::beside(tx, id)? }))
}

/// Sets a book against its earlier version and the edits beside it.
pub(super) fn preview(
    earlier: Option<&Version>,
    new: &Ledger,
    columns: &Columns,
    prefer: Option<Prefer>,
) -> Preview {
    let Some(earlier) = earlier else {
        let (diff, rebased) = (diff::diff(&Ledger::default(), new), Rebased::default());
        return Preview { imported: Imported::New, diff, rebased };
    };
    if earlier.steps.is_empty() {
        let (diff, rebased) = (diff::diff(&earlier.ledger, new), Rebased::default());
        return Preview { imported: Imported::Replaced, diff, rebased };
    }
    let steps: Vec<Step> = earlier.steps.iter().map(|kept| kept.step.clone()).collect();
    let rebased = rebase(&earlier.ledger, &steps, (new, columns), prefer);
    let mut before = earlier.ledger.clone();
    edit::apply(&mut before, &steps, columns);
    let carried: Vec<Step> = rebased.carried.iter().map(|(step, _)| step.clone()).collect();
    let mut after = new.clone();
    edit::apply(&mut after, &carried, columns);
    Preview { imported: Imported::Replaced, diff: diff::diff(&before, &after), rebased }
}

/// Whether a current book was read from the same octets into the same ledger.
pub(super) fn is_known(
    tx: &Connection,
    digest: &[u8; 32],
    ledger: &str,
) -> Result<bool, StoreError> {
    Ok(tx
        .prepare(&format!("SELECT id FROM book WHERE digest = $1 AND ledger = $2 AND {CURRENT}"))?
        .exists(params![digest, ledger])?)
}

pub(super) fn digest(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

/// The ledger of a book as text; places name the book once kept, so that a copy under another name
/// is known.
pub(super) fn text(ledger: &Ledger) -> Result<String, StoreError> {
    serde_json::to_string(ledger).map_err(|_| StoreError::Row { table: "book" })
}

pub(super) fn import(
    tx: &Transaction<'_>,
    book: &NewBook,
    (why, prefer): (&str, Option<Prefer>),
    address: &str,
) -> Result<Preview, StoreError> {
    let digest = digest(&book.octets);
    let ledger = text(&book.ledger)?;
    if is_known(tx, &digest, &ledger)? || copy_is_known(tx, &digest, book)? {
        let nothing = Preview {
            imported: Imported::AlreadyKnown,
            diff: Diff::default(),
            rebased: Rebased::default(),
        };
        return Ok(nothing);
    }
    let columns = columns()?;
    let earlier = current(tx, &book.name)?;
    let preview = preview(earlier.as_ref(), &book.ledger, &columns, prefer);
    if prefer.is_none() && !preview.rebased.conflicts.is_empty() {
        return Err(StoreError::Conflicts {
            book: book.name.clone(),
            conflicts: preview.rebased.conflicts,
        });
    }
    let id = tx.query_row(
        "INSERT INTO book (name, digest, octets, ledger, imported_at, imported_by, why)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        params![book.name, digest, book.octets, ledger, book.at.micros(), book.by, why],
        |row| row.get(0),
    )?;
    changes::imported(tx, id, &preview.diff, (book.at, &book.by, why))?;
    let kept = earlier.map(|earlier| earlier.steps).unwrap_or_default();
    changes::carry(tx, id, &preview.rebased, &kept)?;
    let about = audit::because(format!("{} {}", book.name, hex(&digest)), why);
    let by = By { who: book.by.clone(), address: address.to_owned(), at: book.at };
    audit::by(tx, &by, Deed::BookImported, about)?;
    changed(tx)?;
    Ok(preview)
}

/// Whether a current book of another name has these octets: a copy of a file is no second ledger.
fn copy_is_known(
    tx: &Transaction<'_>,
    digest: &[u8; 32],
    book: &NewBook,
) -> Result<bool, StoreError> {
    Ok(tx
        .prepare(&format!("SELECT id FROM book WHERE digest = $1 AND name <> $2 AND {CURRENT}"))?
        .exists(params![digest, book.name])?)
}

/// The released words.
pub(super) fn columns() -> Result<Columns, StoreError> {
    // The suite parses them: they are part of the program.
    Columns::released().map_err(|_| StoreError::Row { table: "columns" })
}

/// A current book, as imported and as it is now.
#[derive(Clone, Debug)]
pub struct Held {
    /// The file's name.
    pub name: String,
    /// The file as it was imported.
    pub octets: Vec<u8>,
    /// What was read from it.
    pub base: Ledger,
    /// The same with every edit since.
    pub ledger: Ledger,
}

pub(super) fn held(connection: &Connection) -> Result<Vec<Held>, StoreError> {
    let mut statement = connection.prepare(&format!(
        "SELECT name, octets, ledger, id FROM book WHERE {CURRENT} ORDER BY name"
    ))?;
    let mut rows = statement.query([])?;
    let mut books = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(2)?;
        let base: Ledger =
            serde_json::from_str(&text).map_err(|_| StoreError::Row { table: "book" })?;
        let ledger = super::ground::edited(connection, row.get(3)?, base.clone())?;
        books.push(Held { name: row.get(0)?, octets: row.get(1)?, base, ledger });
    }
    Ok(books)
}
