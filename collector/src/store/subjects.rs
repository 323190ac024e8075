//! People as an identity provider knows them, and with which account an administrator lets each come.
//! Who came and is nobody's yet is remembered so that an administrator can say whom that is; of such
//! there are only so many, since anybody may come whom the provider knows.

use super::sql::{Connection, OptionalExtension, Transaction, params};
use daicho_common::time::Timestamp;

use super::audit::{self, By};
use super::{Store, StoreError, accounts};
use crate::people::Account;
use crate::people::log::Deed;

/// Most people who came and are nobody's.
const STRANGERS: i64 = 500;

/// Somebody whom a provider knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its number.
    pub id: i64,
    /// The provider.
    pub issuer: String,
    /// How the provider knows the person.
    pub subject: String,
    /// What the provider calls the person.
    pub called: String,
    /// The name of the account.
    pub account: Option<String>,
    /// When the person came last.
    pub seen_at: Timestamp,
}

/// What became of what was said of somebody who came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It is kept.
    Done,
    /// Nobody of this number came.
    Unknown,
    /// The person comes with another account than the one that was seen; nothing was done.
    Changed,
}

/// The account of somebody who came, if there is one and it was not closed.
fn came(
    tx: &Transaction<'_>,
    (issuer, subject, called): (&str, &str, &str),
    by: &By,
) -> Result<Option<Account>, StoreError> {
    tx.execute(
        "INSERT INTO subject (issuer, subject, called, seen_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (issuer, subject) DO UPDATE
         SET called = excluded.called, seen_at = excluded.seen_at",
        params![issuer, subject, called, by.at.micros()],
    )?;
    tx.execute(
        "DELETE FROM subject WHERE account IS NULL AND id NOT IN
             (SELECT id FROM subject WHERE account IS NULL ORDER BY seen_at DESC, id DESC LIMIT $1)",
        [STRANGERS],
    )?;
    let account = {
        let mut statement = tx.prepare_cached(
            "SELECT a.id, a.name, a.called, a.role, a.party, a.closed
             FROM subject s JOIN account a ON a.id = s.account
             WHERE s.issuer = $1 AND s.subject = $2 AND a.closed = 0",
        )?;
        let mut rows = statement.query(params![issuer, subject])?;
        rows.next()?.map(|row| accounts::account(&row, 0)).transpose()?
    };
    if account.is_none() {
        audit::by(tx, by, Deed::LoginRefused, format!("oidc {issuer} {subject}"))?;
    }
    Ok(account)
}

fn all(connection: &Connection) -> Result<Vec<Subject>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT s.id, s.issuer, s.subject, s.called, a.name, s.seen_at
         FROM subject s LEFT JOIN account a ON a.id = s.account ORDER BY s.seen_at DESC, s.id",
    )?;
    let mut rows = statement.query([])?;
    let mut subjects = Vec::new();
    while let Some(row) = rows.next()? {
        subjects.push(Subject {
            id: row.get(0)?,
            issuer: row.get(1)?,
            subject: row.get(2)?,
            called: row.get(3)?,
            account: row.get(4)?,
            seen_at: Timestamp::from_micros(row.get(5)?),
        });
    }
    Ok(subjects)
}

/// Says with which account somebody comes, or with none any more, if the person comes with the account that
/// was seen.
fn link(
    tx: &Transaction<'_>,
    (id, seen): (i64, Option<&str>),
    name: Option<&str>,
    by: &By,
) -> Result<Linked, StoreError> {
    let known: Option<(String, String, Option<i64>)> = tx
        .query_row("SELECT issuer, subject, account FROM subject WHERE id = $1", [id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((issuer, subject, before)) = known else { return Ok(Linked::Unknown) };
    let seen = seen.map(|name| accounts::existing(tx, name)).transpose()?;
    if seen.map(|account| account.id) != before {
        return Ok(Linked::Changed);
    }
    let account = name.map(|name| accounts::existing(tx, name)).transpose()?;
    let account_id = account.as_ref().map(|account| account.id);
    tx.execute("UPDATE subject SET account = $1 WHERE id = $2", params![account_id, id])?;
    // Who came that way until now comes so no more.
    if let Some(before) = before.filter(|before| Some(*before) != account_id) {
        super::sessions::end_all(tx, before, None, by.at)?;
    }
    let to = name.unwrap_or("-");
    audit::by(tx, by, Deed::SubjectLinked, format!("{issuer} {subject}: {to}"))?;
    Ok(Linked::Done)
}

impl Store {
    /// Notes that somebody came whom a provider knows; returns the account, if there is one for the
    /// person. That there is none is kept in the audit log.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn came(
        &self,
        (issuer, subject, called): (String, String, String),
        by: By,
    ) -> Result<Option<Account>, StoreError> {
        self.writer.write(move |tx| came(tx, (&issuer, &subject, &called), &by))
    }

    /// Everybody who came, the latest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn subjects(&self) -> Result<Vec<Subject>, StoreError> {
        all(&self.read())
    }

    /// Says with which account somebody comes, if the person comes with the account that was seen; with none
    /// the account's sessions end.
    ///
    /// # Errors
    /// [`StoreError::Account`] if there is no such account; else see [`StoreError`].
    pub fn link_subject(
        &self,
        (id, seen): (i64, Option<String>),
        account: Option<String>,
        by: By,
    ) -> Result<Linked, StoreError> {
        self.writer.write(move |tx| link(tx, (id, seen.as_deref()), account.as_deref(), &by))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fresh::store;
    use super::*;
    use crate::people::Role;
    use crate::store::NewAccount;

    fn by(seconds: i64) -> By {
        By::here("admin".into(), Timestamp::from_micros(seconds * 1_000_000))
    }

    fn someone(subject: &str) -> (String, String, String) {
        ("https://id.example".into(), subject.into(), "田中".into())
    }

    #[test]
    fn a_subject_comes_with_the_account_that_an_administrator_named_and_else_with_none() {
        let (_folder, store) = store();
        let new = NewAccount {
            name: "tanaka".into(),
            called: String::new(),
            role: Role::Auditor,
            party: None,
            password: None,
        };
        store.add_account(new, false, by(0)).unwrap();
        assert_eq!(store.came(someone("1"), by(1)).unwrap(), None);
        assert_eq!(store.came(someone("2"), by(2)).unwrap(), None);
        let id = store.subjects().unwrap().iter().find(|one| one.subject == "1").unwrap().id;
        assert!(matches!(
            store.link_subject((id, None), Some("x".into()), by(3)),
            Err(StoreError::Account(_))
        ));
        let tanaka = || Some("tanaka".to_owned());
        let link = |id, seen, account| store.link_subject((id, seen), account, by(3)).unwrap();
        assert_eq!(link(id, None, tanaka()), Linked::Done);
        assert_eq!(link(id, None, None), Linked::Changed, "somebody was quicker");
        assert_eq!(link(99, None, None), Linked::Unknown);
        let account = store.came(someone("1"), by(4)).unwrap().unwrap();
        assert_eq!((account.name.as_str(), account.role), ("tanaka", Role::Auditor));
        assert_eq!(store.came(someone("2"), by(5)).unwrap(), None);
        let other = ("https://other.example".into(), "1".into(), String::new());
        assert_eq!(store.came(other, by(5)).unwrap(), None, "another issuer's subject is another");
        assert_eq!(link(id, tanaka(), None), Linked::Done);
        assert_eq!(store.came(someone("1"), by(7)).unwrap(), None);
        let log = store.log_rows(u64::MAX, 50).unwrap();
        let count = |deed: &str| log.iter().filter(|row| row.deed == deed).count();
        assert_eq!((count("subject_linked"), count("login_refused")), (2, 5));
    }

    #[test]
    fn strangers_are_remembered_up_to_a_bound_and_push_out_nobody_who_was_linked() {
        let (_folder, store) = store();
        let new = NewAccount {
            name: "a".into(),
            called: String::new(),
            role: Role::Auditor,
            party: None,
            password: None,
        };
        store.add_account(new, false, by(0)).unwrap();
        store.came(someone("first"), by(0)).unwrap();
        store.link_subject((1, None), Some("a".into()), by(0)).unwrap();
        let flood = |tx: &Transaction<'_>| {
            for number in 0..STRANGERS + 20 {
                came(tx, ("i", &number.to_string(), ""), &by(number))?;
            }
            Ok(())
        };
        store.writer.write(flood).unwrap();
        let kept = store.subjects().unwrap();
        assert_eq!(kept.len(), 501);
        assert!(kept.iter().any(|one| one.subject == "first"));
        assert!(kept.iter().all(|one| one.subject != "0"));
    }
}
