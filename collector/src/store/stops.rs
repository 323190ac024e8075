//! The wish that an agent end the scan it is at. Every wish is kept: who, and when.

use super::StoreError;
use super::audit::{self, By};
use super::sql::{Connection, Transaction, params};
use crate::people::log::Deed;

/// Notes the wish. Returns whether this agent has sent anything yet.
pub(super) fn stop(tx: &Transaction<'_>, agent: &str, author: &By) -> Result<bool, StoreError> {
    let (by, at) = author.said();
    tx.execute(
        "INSERT INTO stop (agent, said_at, said_by) VALUES ($1, $2, $3)",
        params![agent, at.micros(), by],
    )?;
    audit::by(tx, author, Deed::AgentStopped, agent.to_owned())?;
    let known = "SELECT EXISTS (SELECT 1 FROM agent WHERE name = $1)";
    Ok(tx.query_row(known, [agent], |row| row.get(0))?)
}

/// A number that grows with every wish concerning this agent.
pub(super) fn stops(connection: &Connection, agent: &str) -> Result<u64, StoreError> {
    let newest = "SELECT coalesce(max(id), 0) FROM stop WHERE agent = $1";
    let number: i64 = connection.query_row(newest, [agent], |row| row.get(0))?;
    Ok(u64::try_from(number).unwrap_or_default())
}
