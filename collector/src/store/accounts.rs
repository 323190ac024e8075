//! Accounts: who may log in. They are closed, never deleted, so that what they said keeps its author.

use daicho_common::complaint::{Complaint, Exit};

use super::audit::{self, By};
use super::sql::{Connection, OptionalExtension, Row, Transaction, params};
use super::{Store, StoreError};
use crate::credential::Kept;
use crate::people::log::Deed;
use crate::people::{Account, Role};

/// Why an account was not made or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAccount {
    /// Another has this name.
    #[error("an account is called {0:?} already")]
    NameTaken(String),
    /// There is none of this name.
    #[error("no account is called {0:?}")]
    NoSuchAccount(String),
    /// Nobody could make accounts any more.
    #[error("{0:?} is the last administrator")]
    LastAdministrator(String),
    /// It was to be the first, and is not.
    #[error("there are accounts already")]
    NotTheFirst,
    /// A vendor belongs to a party, and nobody else does.
    #[error("a vendor needs a party, and nobody else has one")]
    Party,
}

/// The complaint about an account that cannot be made or changed so.
pub(super) fn complaint(bad: &BadAccount) -> Complaint {
    let (ja, en) = match bad {
        BadAccount::NameTaken(name) => (
            format!("利用者「{name}」はすでにあります。別の名前を付けてください"),
            format!("an account is called {name:?} already: give another name"),
        ),
        BadAccount::NoSuchAccount(name) => (
            format!("利用者「{name}」はいません。account list で名前を確かめてください"),
            format!("no account is called {name:?}: look the name up with `account list`"),
        ),
        BadAccount::LastAdministrator(name) => (
            format!("「{name}」は最後の管理者です。先に別の管理者を登録してください"),
            format!("{name:?} is the last administrator: make another one first"),
        ),
        BadAccount::NotTheFirst => (
            "利用者はすでに登録されています。ログインしてください".to_owned(),
            "there are accounts already: log in".to_owned(),
        ),
        BadAccount::Party => (
            "事業者 (vendor) には --party で事業者の id を指定し、ほかの役割には付けないでください"
                .to_owned(),
            "give a vendor its party with --party, and no other role one".to_owned(),
        ),
    };
    Complaint::new(Exit::Input, ja, en)
}

/// An account to make.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What the person logs in as ([`crate::people::name::account`]).
    pub name: String,
    /// What the person is called.
    pub called: String,
    /// What the person may do.
    pub role: Role,
    /// Of a vendor: the party.
    pub party: Option<String>,
    /// The password as it is kept; none if the person is to set one by a link.
    pub password: Option<String>,
}

/// What is changed of an account.
#[derive(Clone, Debug)]
pub enum NewState {
    /// What it may do, and of a vendor the party.
    Role(Role, Option<String>),
    /// Whether it cannot log in any more. Its sessions end with it.
    Closed(bool),
}

/// An account in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The account.
    pub account: Account,
    /// When it was logged in last, in microseconds since the epoch.
    pub latest: Option<i64>,
    /// Whether it has a password.
    pub has_password: bool,
}

const COLUMNS: &str = "a.id, a.name, a.called, a.role, a.party, a.closed";

/// The account in the columns from this one on.
pub(super) fn account(row: &Row<'_>, from: usize) -> Result<Account, StoreError> {
    let role: String = row.get(from + 3)?;
    Ok(Account {
        id: row.get(from)?,
        name: row.get(from + 1)?,
        called: row.get(from + 2)?,
        role: role.parse().map_err(|_| StoreError::Row { table: "account" })?,
        party: row.get(from + 4)?,
        closed: row.get::<_, i64>(from + 5)? != 0,
    })
}

fn named(connection: &Connection, name: &str) -> Result<Option<Account>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM account a WHERE name = $1"))?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(|row| account(&row, 0)).transpose()
}

pub(super) fn existing(connection: &Connection, name: &str) -> Result<Account, StoreError> {
    named(connection, name)?
        .ok_or_else(|| StoreError::Account(BadAccount::NoSuchAccount(name.to_owned())))
}

fn add(
    tx: &Transaction<'_>,
    new: &NewAccount,
    first: bool,
    author: &By,
) -> Result<i64, StoreError> {
    if first && any(tx)? {
        return Err(StoreError::Account(BadAccount::NotTheFirst));
    }
    if named(tx, &new.name)?.is_some() {
        return Err(StoreError::Account(BadAccount::NameTaken(new.name.clone())));
    }
    check_party(new.role, new.party.as_deref())?;
    let id = tx.query_row(
        "INSERT INTO account (name, called, role, party, password, made_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        params![new.name, new.called, new.role.name(), new.party, new.password, author.at.micros()],
        |row| row.get(0),
    )?;
    audit::by(tx, author, Deed::AccountAdded, told(&new.name, new.role, new.party.as_deref()))?;
    Ok(id)
}

fn told(name: &str, role: Role, party: Option<&str>) -> String {
    let party = party.map(|party| format!(" party {party}")).unwrap_or_default();
    format!("{name}: {}{party}", role.name())
}

fn check_party(role: Role, party: Option<&str>) -> Result<(), StoreError> {
    let has = party.is_some_and(|party| !party.is_empty());
    if has == (role == Role::Vendor) { Ok(()) } else { Err(StoreError::Account(BadAccount::Party)) }
}

fn any(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT id FROM account LIMIT 1")?.exists([])?)
}

fn change(
    tx: &Transaction<'_>,
    name: &str,
    state: &NewState,
    author: &By,
) -> Result<(), StoreError> {
    let account = existing(tx, name)?;
    let about = match state {
        NewState::Role(role, party) => {
            check_party(*role, party.as_deref())?;
            tx.execute(
                "UPDATE account SET role = $1, party = $2 WHERE id = $3",
                params![role.name(), party, account.id],
            )?;
            told(name, *role, party.as_deref())
        }
        NewState::Closed(closed) => {
            tx.execute(
                "UPDATE account SET closed = $1 WHERE id = $2",
                params![i64::from(*closed), account.id],
            )?;
            if *closed {
                super::sessions::end_all(tx, account.id, None, author.at)?;
            }
            format!("{name}: {}", if *closed { "closed" } else { "opened" })
        }
    };
    let administrators = "SELECT id FROM account WHERE role = 'administrator' AND closed = 0";
    if account.role == Role::Administrator && !tx.prepare(administrators)?.exists([])? {
        return Err(StoreError::Account(BadAccount::LastAdministrator(name.to_owned())));
    }
    audit::by(tx, author, Deed::AccountChanged, about)
}

/// Whether an account is as it was seen: when it was logged in last is not looked at.
fn is_as(tx: &Transaction<'_>, seen: &Listed) -> Result<bool, StoreError> {
    let account = existing(tx, &seen.account.name)?;
    let has_password = tx.query_row(
        "SELECT password IS NOT NULL FROM account WHERE id = $1",
        [account.id],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(account == seen.account && (has_password != 0) == seen.has_password)
}

impl Store {
    /// Makes an account; with `first` only if there is none yet. Returns its number.
    ///
    /// # Errors
    /// [`StoreError::Account`], or else see [`StoreError`].
    pub fn add_account(&self, new: NewAccount, first: bool, by: By) -> Result<i64, StoreError> {
        self.writer.write(move |tx| add(tx, &new, first, &by))
    }

    /// Changes an account. The last administrator stays one.
    ///
    /// # Errors
    /// [`StoreError::Account`], or else see [`StoreError`].
    pub fn change_account(&self, name: String, state: NewState, by: By) -> Result<(), StoreError> {
        self.writer.write(move |tx| change(tx, &name, &state, &by))
    }

    /// Makes several changes of an account, all or none, if it is still as it was seen. Returns whether it
    /// was.
    ///
    /// # Errors
    /// [`StoreError::Account`], or else see [`StoreError`].
    pub fn change_account_as(
        &self,
        seen: Listed,
        states: Vec<NewState>,
        by: By,
    ) -> Result<bool, StoreError> {
        self.writer.write(move |tx| {
            if !is_as(tx, &seen)? {
                return Ok(false);
            }
            for state in &states {
                change(tx, &seen.account.name, state, &by)?;
            }
            Ok(true)
        })
    }

    /// Sets a password, as it is kept. Every session of the account ends, but this one.
    ///
    /// # Errors
    /// [`StoreError::Account`], or else see [`StoreError`].
    pub fn set_password(
        &self,
        name: String,
        password: String,
        but: Option<Kept>,
        by: By,
    ) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            let account = existing(tx, &name)?;
            tx.execute(
                "UPDATE account SET password = $1 WHERE id = $2",
                params![password, account.id],
            )?;
            super::sessions::end_all(tx, account.id, but, by.at)?;
            super::sessions::forget_links(tx, account.id, by.at)?;
            audit::by(tx, &by, Deed::PasswordChanged, name)
        })
    }

    /// Whether there is any account.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn has_accounts(&self) -> Result<bool, StoreError> {
        any(&self.read())
    }

    /// The account of this name, and its password as it is kept.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn account(&self, name: &str) -> Result<Option<(Account, Option<String>)>, StoreError> {
        let connection = self.read();
        let Some(account) = named(&connection, name)? else { return Ok(None) };
        let password: Option<Option<String>> = connection
            .prepare_cached("SELECT password FROM account WHERE id = $1")?
            .query_row([account.id], |row| row.get(0))
            .optional()?;
        Ok(Some((account, password.flatten())))
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn accounts(&self) -> Result<Vec<Listed>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare(&format!(
            "SELECT {COLUMNS}, (SELECT max(began) FROM session s WHERE s.account = a.id),
                 a.password IS NOT NULL FROM account a ORDER BY a.closed, a.name"
        ))?;
        let mut rows = statement.query([])?;
        let mut listed = Vec::new();
        while let Some(row) = rows.next()? {
            let has_password = row.get::<_, i64>(7)? != 0;
            listed.push(Listed { account: account(&row, 0)?, latest: row.get(6)?, has_password });
        }
        Ok(listed)
    }
}
