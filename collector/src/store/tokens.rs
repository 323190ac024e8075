//! Tokens, with which programs do some of what an account may. Of a token only its digest is kept.

use std::time::Duration;

use daicho_common::time::Timestamp;

use super::accounts::{self, account};
use super::audit::{self, By};
use super::sql::{self, params};
use super::{Store, StoreError};
use crate::credential::Kept;
use crate::people::Account;
use crate::people::log::Deed;
use crate::people::token::Scope;

const BROKEN: StoreError = StoreError::Row { table: "token" };

/// A token to keep.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The name of the account that it acts for.
    pub account: String,
    /// What it is for, in the words of who issues it.
    pub label: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// How long it holds.
    pub holds: Duration,
}

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number, by which it is revoked.
    pub id: i64,
    /// Whose it is.
    pub account: Account,
    /// What it is for.
    pub label: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// Until when it holds.
    pub until: Timestamp,
    /// When it was used last, to the minute.
    pub used: Option<Timestamp>,
    /// Whether it was revoked.
    pub revoked: bool,
}

const COLUMNS: &str = "a.id, a.name, a.called, a.role, a.party, a.closed,
    t.id, t.label, t.scopes, t.until, t.used, t.revoked FROM token t JOIN account a ON a.id = t.account";

fn token(row: &sql::Row<'_>) -> Result<Token, StoreError> {
    let scopes: String = row.get(8)?;
    let scopes = scopes.split_whitespace().map(str::parse).collect::<Result<_, String>>();
    Ok(Token {
        account: account(row, 0)?,
        id: row.get(6)?,
        label: row.get(7)?,
        scopes: scopes.map_err(|_| BROKEN)?,
        until: Timestamp::from_micros(row.get(9)?),
        used: row.get::<_, Option<i64>>(10)?.map(Timestamp::from_micros),
        revoked: row.get::<_, Option<i64>>(11)?.is_some(),
    })
}

impl Store {
    /// Keeps a token. Returns its number.
    ///
    /// # Errors
    /// [`StoreError::Account`], or else see [`StoreError`].
    pub fn issue_token(&self, new: NewToken, kept: Kept, by: By) -> Result<i64, StoreError> {
        self.writer.write(move |tx| {
            let account = accounts::existing(tx, &new.account)?;
            let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.name()).collect();
            let scopes = scopes.join(" ");
            let id: i64 = tx.query_row(
                "INSERT INTO token (kept, account, scopes, label, issued, until)
                 VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                params![
                    kept,
                    account.id,
                    scopes,
                    new.label,
                    by.at.micros(),
                    by.at.after(new.holds).micros()
                ],
                |row| row.get(0),
            )?;
            let about = audit::because(format!("{id} {}: {scopes}", account.name), &new.label);
            audit::by(tx, &by, Deed::TokenIssued, about)?;
            Ok(id)
        })
    }

    /// Every token, in the order in which they were issued.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS} ORDER BY t.id"))?;
        let mut rows = statement.query([])?;
        let mut tokens = Vec::new();
        while let Some(row) = rows.next()? {
            tokens.push(token(&row)?);
        }
        Ok(tokens)
    }

    /// The token with this digest, if it holds: neither revoked nor out of date, its account not
    /// closed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn token(&self, kept: &Kept, now: Timestamp) -> Result<Option<Token>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} WHERE t.kept = $1 AND t.revoked IS NULL AND t.until > $2
                 AND a.closed = 0"
        ))?;
        let mut rows = statement.query(params![kept, now.micros()])?;
        rows.next()?.map(|row| token(&row)).transpose()
    }

    /// Keeps that a token was used.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn touch_token(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            tx.execute("UPDATE token SET used = $1 WHERE id = $2", params![now.micros(), id])?;
            Ok(())
        })
    }

    /// Revokes a token. Returns whether there was one that had not been.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn revoke_token(&self, id: i64, by: By) -> Result<bool, StoreError> {
        self.writer.write(move |tx| {
            let revoke = "UPDATE token SET revoked = $1 WHERE id = $2 AND revoked IS NULL";
            let done = tx.execute(revoke, params![by.at.micros(), id])? > 0;
            if done {
                audit::by(tx, &by, Deed::TokenRevoked, id.to_string())?;
            }
            Ok(done)
        })
    }
}
