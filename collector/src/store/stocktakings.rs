//! Rounds of stock-taking: what was said of rows, and who signed. Rows are only ever added, and none to
//! a round that was closed.

use super::sql::{Connection, Transaction, params};
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;

use super::audit::{self, By};
use super::writer::changed;
use super::{Store, StoreError, registers};
use crate::ledger::key::EntryKey;
use crate::people::log::Deed;
use crate::people::name::is_same_person;
use crate::register::stocktaking::{Role, Signature};
use crate::register::{Register, Stocktaking};
use crate::stocktaking::{Check, Outcome, is_closed};

/// Rows that the audit log names of one form.
const NAMED: usize = 20;

/// Why nothing was kept of a round.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRound {
    /// There is none of this name.
    #[error("no round is called {0:?}")]
    NoSuchRound(String),
    /// There is one of this name already.
    #[error("a round is called {0:?} already")]
    NameTaken(String),
    /// It was closed: what was counted stands.
    #[error("the round {0:?} was closed")]
    Closed(String),
    /// Another has to sign first, or this one has signed.
    #[error("it is not the turn of this signature in {0:?}")]
    NotNext(String),
    /// Who counted does not also approve.
    #[error("who counted in {0:?} does not sign it off")]
    SamePerson(String),
    /// What is signed is not what was counted.
    #[error("what was counted in {0:?} is not what the clerk signed")]
    Altered(String),
}

/// The complaint about a round of which nothing was kept.
pub(super) fn complaint(bad: &BadRound) -> Complaint {
    let (exit, ja, en) = match bad {
        BadRound::NoSuchRound(id) => (
            Exit::Input,
            format!("棚卸「{id}」はありません。一覧で確かめてください"),
            format!("there is no round {id:?} of stock-taking: look at the list"),
        ),
        BadRound::NameTaken(id) => (
            Exit::Input,
            format!("棚卸「{id}」は既にあります。もう一度操作してください"),
            format!("there is a round {id:?} already: try again"),
        ),
        BadRound::Closed(id) => (
            Exit::Input,
            format!("棚卸「{id}」は締め切られています。新しい棚卸を始めてください"),
            format!("the round {id:?} was closed: begin another one"),
        ),
        BadRound::NotNext(id) => (
            Exit::Input,
            format!("棚卸「{id}」の署名の順番ではありません。画面を読み直してください"),
            format!("it is not the turn of this signature in {id:?}: load the page again"),
        ),
        BadRound::SamePerson(id) => (
            Exit::Input,
            format!("棚卸「{id}」を締め切った人は承認できません。別の承認者が署名してください"),
            format!("who closed {id:?} cannot sign it off: another approver has to"),
        ),
        BadRound::Altered(id) => (
            Exit::Integrity,
            format!(
                "棚卸「{id}」の記録が、担当者の署名と一致しません。バックアップと監査記録を確かめてください"
            ),
            format!(
                "what is kept of the round {id:?} does not fit the clerk's signature: look at a backup and the audit log"
            ),
        ),
    };
    Complaint::new(exit, ja, en)
}

/// Everything that was said of rows, in order.
fn all(connection: &Connection) -> Result<Vec<Check>, StoreError> {
    let mut checks = Vec::new();
    read(connection, 0, &mut checks)?;
    Ok(checks)
}

/// Reads what was said after the word of this number, and returns the number of the last one: what was
/// said is never changed, so that it need not be read again.
pub(super) fn read(
    connection: &Connection,
    after: i64,
    checks: &mut Vec<Check>,
) -> Result<i64, StoreError> {
    let mut statement = connection.prepare(
        "SELECT round, entry, label, outcome, note, said_at, said_by, id FROM stocktaking_check
         WHERE id > $1 ORDER BY id",
    )?;
    let mut rows = statement.query([after])?;
    let mut last = after;
    while let Some(row) = rows.next()? {
        let outcome: String = row.get(3)?;
        checks.push(Check {
            round: row.get(0)?,
            key: EntryKey(row.get(1)?),
            label: row.get(2)?,
            outcome: Outcome::of(&outcome).ok_or(StoreError::Row { table: "stocktaking_check" })?,
            note: row.get(4)?,
            at: Timestamp::from_micros(row.get(5)?),
            by: row.get(6)?,
        });
        last = row.get(7)?;
    }
    Ok(last)
}

fn round(tx: &Transaction<'_>, id: &str) -> Result<Stocktaking, StoreError> {
    let rounds = registers::read(tx)?.stocktaking;
    let found = rounds.into_iter().find(|round| round.id == id);
    found.ok_or_else(|| StoreError::Round(BadRound::NoSuchRound(id.to_owned())))
}

fn insert(tx: &Transaction<'_>, check: &Check) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO stocktaking_check (round, entry, label, outcome, note, said_at, said_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )?
    .execute(params![
        check.round,
        check.key.0,
        check.label,
        check.outcome.name(),
        check.note,
        check.at.micros(),
        check.by
    ])?;
    Ok(())
}

/// Puts the round in the register as it is from now on.
fn keep(tx: &Transaction<'_>, round: &Stocktaking, author: &By) -> Result<(), StoreError> {
    let register = Register { stocktaking: vec![round.clone()], ..Register::default() };
    registers::keep(tx, &register, (author, "")).map(drop)
}

fn begin(tx: &Transaction<'_>, new: &Stocktaking, author: &By) -> Result<(), StoreError> {
    if registers::read(tx)?.stocktaking.iter().any(|round| round.id == new.id) {
        return Err(StoreError::Round(BadRound::NameTaken(new.id.clone())));
    }
    keep(tx, new, author)
}

fn check(
    tx: &Transaction<'_>,
    id: &str,
    checks: &[Check],
    author: &By,
) -> Result<usize, StoreError> {
    if is_closed(&round(tx, id)?) {
        return Err(StoreError::Round(BadRound::Closed(id.to_owned())));
    }
    for one in checks {
        insert(tx, one)?;
    }
    let Some(first) = checks.first() else { return Ok(0) };
    let labels: Vec<&str> = checks.iter().take(NAMED).map(|check| check.label.as_str()).collect();
    let what = format!("{id}: {} {}: {}", first.outcome.name(), checks.len(), labels.join(", "));
    audit::by(tx, author, Deed::Counted, audit::because(what, &first.note))?;
    changed(tx)?;
    Ok(checks.len())
}

/// Signs, and closes the round with the rows as they were counted if it is the clerk who does.
fn sign(
    tx: &Transaction<'_>,
    id: &str,
    (role, closing): (Role, Option<&[Check]>),
    author: &By,
) -> Result<(), StoreError> {
    let bad = |why: fn(String) -> BadRound| StoreError::Round(why(id.to_owned()));
    let mut round = round(tx, id)?;
    if round.next() != Some(role) || (role == Role::Clerk) != closing.is_some() {
        return Err(bad(BadRound::NotNext));
    }
    let before = round.signatures.first();
    if before.is_some_and(|clerk| is_same_person(&clerk.name, &author.who)) {
        return Err(bad(BadRound::SamePerson));
    }
    let said = before.map(|clerk| clerk.of.clone()).unwrap_or_default();
    let of = match closing {
        Some(checks) => close(tx, checks)?,
        None => kept_digest(tx, id)?,
    };
    // A clerk who signed on paper signed no digest.
    if closing.is_none() && !said.is_empty() && of != said {
        return Err(bad(BadRound::Altered));
    }
    let on = crate::day::Day::of(author.at).to_string().parse();
    let on = on.map_err(|_| StoreError::Row { table: "register" })?;
    audit::by(tx, author, Deed::SignedOff, format!("{id}: {role:?}: {of}"))?;
    round.signatures.push(Signature { role, name: author.who.clone(), on, of });
    keep(tx, &round, author)?;
    changed(tx)
}

fn close(tx: &Transaction<'_>, checks: &[Check]) -> Result<String, StoreError> {
    for one in checks {
        insert(tx, one)?;
    }
    Ok(crate::stocktaking::digest(checks))
}

/// The digest of what is kept of a closed round.
fn kept_digest(tx: &Transaction<'_>, id: &str) -> Result<String, StoreError> {
    let mut newest = std::collections::BTreeMap::new();
    for check in all(tx)?.into_iter().filter(|check| check.round == id) {
        newest.insert(check.key.clone(), check);
    }
    let newest: Vec<Check> = newest.into_values().collect();
    Ok(crate::stocktaking::digest(&newest))
}

impl Store {
    /// Begins a round.
    ///
    /// # Errors
    /// [`StoreError::Round`] if there is one of its name; else see [`StoreError`].
    pub fn begin_round(&self, new: Stocktaking, by: By) -> Result<(), StoreError> {
        self.writer.write(move |tx| begin(tx, &new, &by))
    }

    /// Keeps what was found of rows; returns of how many.
    ///
    /// # Errors
    /// [`StoreError::Round`] if there is no such round or it was closed; else see [`StoreError`].
    pub fn check_rows(
        &self,
        round: String,
        checks: Vec<Check>,
        by: By,
    ) -> Result<usize, StoreError> {
        self.writer.write(move |tx| check(tx, &round, &checks, &by))
    }

    /// Closes a round: the clerk signs for these rows.
    ///
    /// # Errors
    /// [`StoreError::Round`] if it is not the clerk's turn; else see [`StoreError`].
    pub fn close_round(&self, round: String, checks: Vec<Check>, by: By) -> Result<(), StoreError> {
        self.writer.write(move |tx| sign(tx, &round, (Role::Clerk, Some(&checks)), &by))
    }

    /// Signs off a round that was closed, in this role.
    ///
    /// # Errors
    /// [`StoreError::Round`] if it is another's turn, if who signs counted, or if what is kept is not
    /// what was counted; else see [`StoreError`].
    pub fn sign_round(&self, round: String, role: Role, by: By) -> Result<(), StoreError> {
        self.writer.write(move |tx| sign(tx, &round, (role, None), &by))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fresh::store;
    use super::*;

    fn by(who: &str) -> By {
        let at = Timestamp::from_micros(1_775_003_400_000_000);
        By { who: who.into(), address: "10.20.0.9".into(), at }
    }

    fn found(row: &str, outcome: Outcome, who: &str) -> Check {
        Check {
            round: "2026-1".into(),
            key: EntryKey(row.into()),
            label: row.into(),
            outcome,
            note: String::new(),
            at: by(who).at,
            by: who.into(),
        }
    }

    fn bad<T: std::fmt::Debug>(done: Result<T, StoreError>) -> BadRound {
        match done {
            Err(StoreError::Round(bad)) => bad,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_round_is_counted_closed_and_signed_in_order_and_nothing_is_added_afterwards() {
        let (_folder, store) = store();
        let text = "[[stocktaking]]\nid = \"2026-1\"\nscope = \"全部署\"\ndue = \"2026-09-30\"";
        let round = Register::parse(text).unwrap().stocktaking.remove(0);
        let id = || "2026-1".to_owned();
        store.begin_round(round.clone(), by("田中")).unwrap();
        assert_eq!(bad(store.begin_round(round, by("田中"))), BadRound::NameTaken(id()));
        assert_eq!(
            bad(store.check_rows("x".into(), vec![], by("田中"))),
            BadRound::NoSuchRound("x".into())
        );
        let checks = vec![found("a", Outcome::Found, "田中"), found("b", Outcome::Missing, "田中")];
        assert_eq!(store.check_rows(id(), checks.clone(), by("田中")).unwrap(), 2);
        assert_eq!(bad(store.sign_round(id(), Role::Planner, by("鈴木"))), BadRound::NotNext(id()));
        let digest = crate::stocktaking::digest(&checks);
        store.close_round(id(), checks.clone(), by("田中")).unwrap();
        assert_eq!(bad(store.check_rows(id(), checks.clone(), by("田中"))), BadRound::Closed(id()));
        assert_eq!(bad(store.close_round(id(), checks, by("田中"))), BadRound::NotNext(id()));
        assert_eq!(
            bad(store.sign_round(id(), Role::Planner, by("田中"))),
            BadRound::SamePerson(id())
        );
        store.sign_round(id(), Role::Planner, by("鈴木")).unwrap();
        store.sign_round(id(), Role::SafetyManager, by("鈴木")).unwrap();
        let kept = store.register().unwrap().stocktaking.remove(0);
        assert_eq!(kept.next(), None);
        assert!(kept.signatures.iter().all(|one| one.of == digest), "{kept:?}");
        let log = store.log_rows(u64::MAX, 50).unwrap();
        let signed: Vec<_> = log.iter().filter(|row| row.deed == "signed_off").collect();
        assert_eq!(signed.len(), 3);
        assert!(log.iter().all(|row| row.address == "10.20.0.9"), "{log:?}");
    }

    #[test]
    fn what_was_altered_after_the_clerk_signed_is_not_signed_off() {
        let (_folder, store) = store();
        let text = "[[stocktaking]]\nid = \"2026-1\"\nscope = \"全部署\"\ndue = \"2026-09-30\"";
        store
            .begin_round(Register::parse(text).unwrap().stocktaking.remove(0), by("田中"))
            .unwrap();
        let checks = vec![found("a", Outcome::Found, "田中")];
        store.close_round("2026-1".into(), checks, by("田中")).unwrap();
        let altered = |tx: &Transaction<'_>| {
            tx.execute("UPDATE stocktaking_check SET outcome = 'missing'", [])?;
            Ok(())
        };
        store.writer.write(altered).unwrap();
        let signed = store.sign_round("2026-1".into(), Role::Planner, by("鈴木"));
        assert_eq!(bad(signed), BadRound::Altered("2026-1".into()));
    }
}
