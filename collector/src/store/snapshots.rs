//! Snapshots, each with who took it, when, why, and a signature. None is ever changed.

use daicho_common::time::Timestamp;

use super::audit::{self, By};
use super::sql::{Row, params};
use super::{Store, StoreError};
use crate::people::log::Deed;
use crate::snapshot::Digest;

/// A snapshot to keep, or as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number, growing from 1; 0 before it is kept.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    pub why: String,
    /// The digest of its content.
    pub digest: Digest,
    /// Its content, as canonical JSON.
    pub content: String,
    /// The public key that signed it.
    pub key: [u8; 32],
    /// The signature (Ed25519).
    pub signature: Vec<u8>,
}

const COLUMNS: &str = "id, taken_at, taken_by, why, digest, content, key, signature";

pub(super) fn read(row: &Row<'_>) -> Result<Taken, StoreError> {
    Ok(Taken {
        id: row.get(0)?,
        at: Timestamp::from_micros(row.get(1)?),
        by: row.get(2)?,
        why: row.get(3)?,
        digest: Digest(row.get(4)?),
        content: row.get(5)?,
        key: row.get(6)?,
        signature: row.get(7)?,
    })
}

impl Store {
    /// Keeps a snapshot, and returns its number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_snapshot(&self, taken: Taken, by: By) -> Result<i64, StoreError> {
        self.writer.write(move |tx| {
            let insert =
                "INSERT INTO snapshot (taken_at, taken_by, why, digest, content, key, signature)
                          VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
            let id = tx.query_row(
                insert,
                params![
                    taken.at.micros(),
                    taken.by,
                    taken.why,
                    taken.digest.0,
                    taken.content,
                    taken.key,
                    taken.signature
                ],
                |row| row.get(0),
            )?;
            let about = audit::because(format!("{id} {}", taken.digest.hex()), &taken.why);
            audit::by(tx, &by, Deed::SnapshotTaken, about)?;
            Ok(id)
        })
    }

    /// The snapshot of this number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn snapshot(&self, id: i64) -> Result<Option<Taken>, StoreError> {
        let connection = self.read();
        let mut statement =
            connection.prepare(&format!("SELECT {COLUMNS} FROM snapshot WHERE id = $1"))?;
        let mut rows = statement.query(params![id])?;
        rows.next()?.map(|row| read(&row)).transpose()
    }

    /// Every snapshot without its content, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn snapshots(&self) -> Result<Vec<Taken>, StoreError> {
        let connection = self.read();
        let columns = COLUMNS.replace("content", "''");
        let mut statement =
            connection.prepare(&format!("SELECT {columns} FROM snapshot ORDER BY id"))?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(&row)?);
        }
        Ok(found)
    }
}
