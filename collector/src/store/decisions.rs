//! What people said of what was found: who, when, why, what. Nothing of it is changed or deleted; a
//! decision is withdrawn by another one.

use daicho_common::time::Timestamp;

use super::StoreError;
use super::audit::{self, By};
use super::sql::{OptionalExtension, Transaction, params};
use super::writer::changed;
use crate::decision::{Decided, Decision};
use crate::people::log::Deed;

/// A decision to keep.
#[derive(Clone, Debug)]
pub struct NewDecision {
    /// By whom, from where, when.
    pub by: By,
    /// Why, in their words.
    pub why: String,
    /// What.
    pub what: Decision,
}

/// What is known of the answers to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The finding's id.
    pub finding: String,
    /// The number of the latest decision that is known, of whatever it is.
    pub decision: u64,
}

/// Whether nobody has answered the finding, or taken an answer to it back, since what is known.
pub(super) fn is_known(tx: &Transaction<'_>, known: &Known) -> Result<bool, StoreError> {
    let read = |text: &str| {
        serde_json::from_str::<Decision>(text).map_err(|_| StoreError::Row { table: "decision" })
    };
    let answers = |what: &Decision| matches!(what, Decision::Answer { finding, .. } if *finding == known.finding);
    let mut later = tx.prepare("SELECT content FROM decision WHERE id > $1")?;
    let seen = i64::try_from(known.decision).unwrap_or(i64::MAX);
    let mut rows = later.query([seen])?;
    let mut said = Vec::new();
    while let Some(row) = rows.next()? {
        said.push(read(&row.get::<_, String>(0)?)?);
    }
    for what in &said {
        let Decision::Withdraw { decision } = what else {
            if answers(what) {
                return Ok(false);
            }
            continue;
        };
        let number = i64::try_from(*decision).unwrap_or(i64::MAX);
        let withdrawn: Option<String> = tx
            .query_row("SELECT content FROM decision WHERE id = $1", [number], |row| row.get(0))
            .optional()?;
        if withdrawn.is_some_and(|text| read(&text).is_ok_and(|what| answers(&what))) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps the decisions, and returns the number of each.
pub(super) fn add(tx: &Transaction<'_>, new: &[NewDecision]) -> Result<Vec<u64>, StoreError> {
    let broken = || StoreError::Row { table: "decision" };
    let insert = "INSERT INTO decision (said_at, said_by, why, content) VALUES ($1, $2, $3, $4)
                  RETURNING id";
    let mut insert = tx.prepare(insert)?;
    let mut numbers = Vec::new();
    for one in new {
        let content = serde_json::to_string(&one.what).map_err(|_| broken())?;
        let params = params![one.by.at.micros(), one.by.who, one.why, content];
        let id: i64 = insert.query_row(params, |row| row.get(0))?;
        audit::by(tx, &one.by, Deed::Decided, content)?;
        numbers.push(u64::try_from(id).map_err(|_| broken())?);
    }
    if !new.is_empty() {
        changed(tx)?;
    }
    Ok(numbers)
}

/// Every decision, in order.
pub(super) fn all(tx: &Transaction<'_>) -> Result<Vec<Decided>, StoreError> {
    let broken = || StoreError::Row { table: "decision" };
    let mut rows =
        tx.prepare("SELECT id, said_at, said_by, why, content FROM decision ORDER BY id")?;
    let mut rows = rows.query([])?;
    let mut decisions = Vec::new();
    while let Some(row) = rows.next()? {
        let content: String = row.get(4)?;
        decisions.push(Decided {
            id: u64::try_from(row.get::<_, i64>(0)?).map_err(|_| broken())?,
            at: Timestamp::from_micros(row.get(1)?),
            by: row.get(2)?,
            why: row.get(3)?,
            what: serde_json::from_str(&content).map_err(|_| broken())?,
        });
    }
    Ok(decisions)
}
