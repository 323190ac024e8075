//! Sessions, links that log in once, and tries that were wrong. Of the secrets only digests are kept.

use std::time::Duration;

use daicho_common::time::Timestamp;

use super::accounts::{self, account};
use super::audit::{self, By};
use super::sql::{Connection, OptionalExtension, Transaction, params};
use super::{Store, StoreError};
use crate::credential::{Kept, kept};
use crate::people::Account;
use crate::people::log::{Deed, hex};
use crate::people::refusal::Tries;
use crate::people::rules::{Refusal, Sessions};

/// How long it is remembered from where somebody logged in: 90 days, in microseconds.
const REMEMBERED: i64 = 90 * 86_400 * 1_000_000;
/// How the log calls a login by a link.
const LINK: &str = "link";
/// How far `seen` may lag behind: a minute, so that not every request writes.
const LAG: i64 = 60_000_000;

/// A session that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub account: Account,
    /// Whether it began with a link, and not with a password.
    pub by_link: bool,
    /// When it began.
    pub began: Timestamp,
    /// Whether [`Store::touch_session`] is due.
    pub stale: bool,
}

/// Somebody who tries to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account's name, whether or not there is such an account.
    pub name: String,
    /// The address.
    pub address: String,
}

impl Caller {
    /// What its tries are counted by. Digests: people type passwords where names belong.
    fn keys(&self) -> [String; 3] {
        let key = |kind: &str, parts: &[&str]| {
            format!("{kind}:{}", hex(&kept(&[&[kind], parts].concat().join("\n"))))
        };
        [
            key("both", &[&self.name, &self.address]),
            key("address", &[&self.address]),
            key("account", &[&self.name]),
        ]
    }
}

fn tries(connection: &Connection, key: &str) -> Result<Option<Tries>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT wrong, latest FROM login_try WHERE about = $1")?
        .query_row([key], |row| {
            Ok(Tries { wrong: row.get(0)?, latest: Timestamp::from_micros(row.get(1)?) })
        })
        .optional()?)
}

/// Whether the account was logged in from there before.
fn is_known(connection: &Connection, caller: &Caller) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM session s JOIN account a ON a.id = s.account
             WHERE a.name = $1 AND s.address = $2 LIMIT 1",
        )?
        .exists(params![caller.name, caller.address])?)
}

/// Counts a try before it is looked at, so that none slips by while another is looked at. Returns how
/// long none is answered; then it does not count.
fn begin_try(
    tx: &Transaction<'_>,
    caller: &Caller,
    (rules, now): (&Refusal, Timestamp),
) -> Result<Duration, StoreError> {
    let [both, address, account] = caller.keys();
    let mut held_up_by = vec![&both, &address];
    if !is_known(tx, caller)? {
        held_up_by.push(&account);
    }
    let mut left = Duration::ZERO;
    for key in held_up_by {
        left = left.max(rules.left(tries(tx, key)?, now));
    }
    if !left.is_zero() {
        return Ok(left);
    }
    for key in [&both, &address, &account] {
        let wrong = rules.counted(tries(tx, key)?, now).saturating_add(1);
        tx.prepare_cached(
            "INSERT INTO login_try (about, wrong, latest) VALUES ($1, $2, $3)
             ON CONFLICT (about) DO UPDATE SET wrong = excluded.wrong, latest = excluded.latest",
        )?
        .execute(params![key, wrong, now.micros()])?;
    }
    let forgotten = Duration::from_secs(rules.forget_hours.saturating_mul(3600));
    let forgotten = i64::try_from(forgotten.as_micros()).unwrap_or(i64::MAX);
    tx.prepare_cached("DELETE FROM login_try WHERE latest < $1")?
        .execute([now.micros().saturating_sub(forgotten)])?;
    Ok(Duration::ZERO)
}

/// The password was right: the wrong ones before it count no more.
fn forget(tx: &Transaction<'_>, caller: &Caller) -> Result<(), StoreError> {
    for key in caller.keys() {
        tx.prepare_cached("DELETE FROM login_try WHERE about = $1")?.execute([key])?;
    }
    Ok(())
}

fn begin(
    tx: &Transaction<'_>,
    account: &Account,
    (kept, way): (Kept, &str),
    by: &By,
) -> Result<(), StoreError> {
    forget(tx, &Caller { name: account.name.clone(), address: by.address.clone() })?;
    tx.execute("DELETE FROM session WHERE seen < $1", [by.at.micros() - REMEMBERED])?;
    tx.execute(
        "INSERT INTO session (kept, account, address, by_link, began, seen)
         VALUES ($1, $2, $3, $4, $5, $5)",
        params![kept, account.id, by.address, i64::from(way == LINK), by.at.micros()],
    )?;
    audit::by(tx, by, Deed::Login, format!("{}: {way}", account.name))
}

/// Ends the sessions of an account, but this one. Returns how many.
pub(super) fn end_all(
    tx: &Transaction<'_>,
    account: i64,
    but: Option<Kept>,
    at: Timestamp,
) -> Result<usize, StoreError> {
    let end = "UPDATE session SET ended = $1
               WHERE account = $2 AND ended IS NULL AND ($3 IS NULL OR kept <> $3)";
    Ok(tx.execute(end, params![at.micros(), account, but])?)
}

/// Links of an account that were not used hold no more.
pub(super) fn forget_links(
    tx: &Transaction<'_>,
    account: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let forget = "UPDATE login_link SET used = $1 WHERE account = $2 AND used IS NULL";
    tx.execute(forget, params![at.micros(), account])?;
    Ok(())
}

/// Whose link this is, if it was not used and holds still.
fn link(
    connection: &Connection,
    kept: Kept,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT a.id, a.name, a.called, a.role, a.party, a.closed
         FROM login_link l JOIN account a ON a.id = l.account
         WHERE l.kept = $1 AND l.used IS NULL AND l.until > $2 AND a.closed = 0",
    )?;
    let mut rows = statement.query(params![kept, now.micros()])?;
    rows.next()?.map(|row| account(&row, 0)).transpose()
}

impl Store {
    /// Counts a try to log in, before the password is looked at. A duration above zero says that it
    /// is not to be looked at, and how long that will be so.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn begin_try(
        &self,
        caller: Caller,
        rules: Refusal,
        now: Timestamp,
    ) -> Result<Duration, StoreError> {
        self.writer.write(move |tx| begin_try(tx, &caller, (&rules, now)))
    }

    /// The password was right, and nothing else is done about it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn end_try(&self, caller: Caller) -> Result<(), StoreError> {
        self.writer.write(move |tx| forget(tx, &caller))
    }

    /// Begins a session; the wrong tries before it are forgotten.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn begin_session(&self, account: Account, kept: Kept, by: By) -> Result<(), StoreError> {
        self.begin_session_by(account, (kept, "password"), by)
    }

    /// The same, where something else than a password let the person in.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn begin_session_by(
        &self,
        account: Account,
        (kept, way): (Kept, &'static str),
        by: By,
    ) -> Result<(), StoreError> {
        self.writer.write(move |tx| begin(tx, &account, (kept, way), &by))
    }

    /// The session of this secret, if it holds: it was not ended, its account not closed, and
    /// neither of its lifetimes is over.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn session(
        &self,
        kept: &Kept,
        (rules, now): (&Sessions, Timestamp),
    ) -> Result<Option<Session>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare_cached(
            "SELECT a.id, a.name, a.called, a.role, a.party, a.closed, s.by_link, s.began, s.seen
             FROM session s JOIN account a ON a.id = s.account
             WHERE s.kept = $1 AND s.ended IS NULL AND a.closed = 0",
        )?;
        let mut rows = statement.query([kept])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (began, seen) =
            (Timestamp::from_micros(row.get(7)?), Timestamp::from_micros(row.get(8)?));
        let holds = now < began.after(rules.longest()) && now < seen.after(rules.idle());
        let session = Session {
            account: account(&row, 0)?,
            by_link: row.get::<_, i64>(6)? != 0,
            began,
            stale: now.micros() - seen.micros() > LAG,
        };
        Ok(holds.then_some(session))
    }

    /// Keeps that the session was used.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn touch_session(&self, kept: Kept, now: Timestamp) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            tx.execute(
                "UPDATE session SET seen = $1 WHERE kept = $2",
                params![now.micros(), kept],
            )?;
            Ok(())
        })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn end_session(&self, kept: Kept, by: By) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            let end = "UPDATE session SET ended = $1 WHERE kept = $2 AND ended IS NULL";
            tx.execute(end, params![by.at.micros(), kept])?;
            audit::by(tx, &by, Deed::Logout, String::new())
        })
    }

    /// Ends every session of an account. Returns how many there were.
    ///
    /// # Errors
    /// [`StoreError::Account`], or else see [`StoreError`].
    pub fn end_sessions(&self, name: String, by: By) -> Result<usize, StoreError> {
        self.writer.write(move |tx| {
            let account = accounts::existing(tx, &name)?;
            let ended = end_all(tx, account.id, None, by.at)?;
            audit::by(tx, &by, Deed::Logout, format!("{name}: everywhere"))?;
            Ok(ended)
        })
    }

    /// Keeps a link that logs this account in once; those before it hold no more.
    ///
    /// # Errors
    /// [`StoreError::Account`], or else see [`StoreError`].
    pub fn add_link(
        &self,
        name: String,
        (kept, holds): (Kept, Duration),
        by: By,
    ) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            let account = accounts::existing(tx, &name)?;
            forget_links(tx, account.id, by.at)?;
            tx.execute(
                "INSERT INTO login_link (kept, account, until) VALUES ($1, $2, $3)",
                params![kept, account.id, by.at.after(holds).micros()],
            )?;
            audit::by(tx, &by, Deed::LinkMade, name)
        })
    }

    /// Whom this link would log in.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn link(&self, kept: Kept, now: Timestamp) -> Result<Option<Account>, StoreError> {
        link(&self.read(), kept, now)
    }

    /// Logs in by a link, which holds no more after that. None if it does not hold.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn use_link(
        &self,
        code: Kept,
        session: Kept,
        mut by: By,
    ) -> Result<Option<Account>, StoreError> {
        self.writer.write(move |tx| {
            let Some(account) = link(tx, code, by.at)? else { return Ok(None) };
            tx.execute(
                "UPDATE login_link SET used = $1 WHERE kept = $2",
                params![by.at.micros(), code],
            )?;
            by.who = account.signature();
            begin(tx, &account, (session, LINK), &by)?;
            Ok(Some(account))
        })
    }
}
