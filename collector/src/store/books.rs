//! Books of record as imported: the file's octets and what was read from them, with who and when.

use daicho_common::time::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::StoreError;
use super::writer::changed;
use crate::ledger::Ledger;

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

pub(super) fn import(tx: &Transaction<'_>, book: &NewBook) -> Result<Imported, StoreError> {
    let digest: [u8; 32] = Sha256::digest(&book.octets).into();
    let known = tx
        .prepare(&format!("SELECT id FROM book WHERE digest = $1 AND {CURRENT}"))?
        .exists(params![digest])?;
    if known {
        return Ok(Imported::AlreadyKnown);
    }
    let earlier: Option<i64> = tx
        .query_row("SELECT max(id) FROM book WHERE name = $1", [&book.name], |row| row.get(0))
        .optional()?
        .flatten();
    let ledger =
        serde_json::to_string(&book.ledger).map_err(|_| StoreError::Row { table: "book" })?;
    tx.execute(
        "INSERT INTO book (name, digest, octets, ledger, imported_at, imported_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![book.name, digest, book.octets, ledger, book.at.micros(), book.by],
    )?;
    changed(tx)?;
    Ok(if earlier.is_some() { Imported::Replaced } else { Imported::New })
}
