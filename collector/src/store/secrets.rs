//! Secrets as they are kept: encrypted. What they are encrypted with is not here; see [`crate::vault`].

use daicho_common::time::Timestamp;

use super::audit::{self, By};
use super::sql::{self, Row, Transaction, params};
use super::{Store, StoreError};
use crate::people::log::Deed;

/// A secret, encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key it is sealed with.
    pub key: [u8; 8],
    /// The number used once with that key.
    pub nonce: [u8; 12],
    /// Ciphertext and tag.
    pub octets: Vec<u8>,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// That a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSecret {
    /// Its name.
    pub name: String,
    /// When it was set.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

fn sealed(row: &Row<'_>, from: usize) -> sql::Result<Sealed> {
    Ok(Sealed { key: row.get(from)?, nonce: row.get(from + 1)?, octets: row.get(from + 2)? })
}

/// Keeps a secret in the place of the one of its name.
pub(super) fn set(
    tx: &Transaction<'_>,
    (name, sealed): (&str, &Sealed),
    by: &By,
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM secret WHERE name = $1", params![name])?;
    let (key, nonce) = (sealed.key.to_vec(), sealed.nonce.to_vec());
    tx.execute(
        "INSERT INTO secret (name, key_id, nonce, sealed, set_at, set_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![name, key, nonce, sealed.octets, by.at.micros(), by.who],
    )?;
    audit::by(tx, by, Deed::SecretSet, name.to_owned())
}

/// Removes a secret. Returns whether it was there.
pub(super) fn remove(tx: &Transaction<'_>, name: &str, by: &By) -> Result<bool, StoreError> {
    let there = tx.execute("DELETE FROM secret WHERE name = $1", params![name])? > 0;
    if there {
        audit::by(tx, by, Deed::SecretRemoved, name.to_owned())?;
    }
    Ok(there)
}

impl Store {
    /// Keeps a secret in the place of the one of its name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn set_secret(&self, name: String, sealed: Sealed, by: By) -> Result<(), StoreError> {
        self.writer.write(move |tx| set(tx, (&name, &sealed), &by))
    }

    /// The secret of this name, if there is one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn secret(&self, name: &str) -> Result<Option<Sealed>, StoreError> {
        let connection = self.read();
        let mut statement =
            connection.prepare("SELECT key_id, nonce, sealed FROM secret WHERE name = $1")?;
        let mut rows = statement.query(params![name])?;
        Ok(rows.next()?.map(|row| sealed(&row, 0)).transpose()?)
    }

    /// Every secret, in order of name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn sealed_secrets(&self) -> Result<Vec<(String, Sealed)>, StoreError> {
        let connection = self.read();
        let mut statement =
            connection.prepare("SELECT name, key_id, nonce, sealed FROM secret ORDER BY name")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, sealed(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Which secrets there are, in order of name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn secrets(&self) -> Result<Vec<KeptSecret>, StoreError> {
        let connection = self.read();
        let mut statement =
            connection.prepare("SELECT name, set_at, set_by FROM secret ORDER BY name")?;
        let rows = statement.query_map([], |row| {
            let at = Timestamp::from_micros(row.get(1)?);
            Ok(KeptSecret { name: row.get(0)?, at, by: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Removes a secret. Returns whether it was there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn remove_secret(&self, name: String, by: By) -> Result<bool, StoreError> {
        self.writer.write(move |tx| remove(tx, &name, &by))
    }

    /// Puts secrets sealed anew in the place of those of the same names, all or none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn reseal_secrets(&self, secrets: Vec<(String, Sealed)>, by: By) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            let count = secrets.len();
            for (name, sealed) in secrets {
                tx.execute(
                    "UPDATE secret SET key_id = $1, nonce = $2, sealed = $3 WHERE name = $4",
                    params![sealed.key.to_vec(), sealed.nonce.to_vec(), sealed.octets, name],
                )?;
            }
            audit::by(tx, &by, Deed::SecretsRekeyed, count.to_string())
        })
    }
}
