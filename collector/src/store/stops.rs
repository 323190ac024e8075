//! The wish that an agent end the scan it is at. Every wish is kept: who, and when.

use daicho_common::time::Timestamp;

use super::sql::{Connection, Transaction, params};
use super::{StoreError, audit};
use crate::people::log::Deed;

/// Notes the wish. Returns whether this agent has sent anything yet.
pub(super) fn stop(
    tx: &Transaction<'_>,
    agent: &str,
    (by, at): (&str, Timestamp),
) -> Result<bool, StoreError> {
    tx.execute(
        "INSERT INTO stop (agent, said_at, said_by) VALUES ($1, $2, $3)",
        params![agent, at.micros(), by],
    )?;
    audit::note(tx, (by, at), Deed::AgentStopped, agent.to_owned())?;
    let known = "SELECT EXISTS (SELECT 1 FROM agent WHERE name = $1)";
    Ok(tx.query_row(known, [agent], |row| row.get(0))?)
}

/// A number that grows with every wish concerning this agent.
pub(super) fn stops(connection: &Connection, agent: &str) -> Result<u64, StoreError> {
    let newest = "SELECT coalesce(max(id), 0) FROM stop WHERE agent = $1";
    let number: i64 = connection.query_row(newest, [agent], |row| row.get(0))?;
    Ok(u64::try_from(number).unwrap_or_default())
}
