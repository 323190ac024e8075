//! Agents: how they were let in, by which certificates they are known, when they last called, and
//! what of their batches is missing.

use std::collections::BTreeMap;

use daicho_common::batch::{AgentKey, Mark};
use daicho_common::job::{Declared, Permits};
use daicho_common::time::Timestamp;

use super::StoreError;
use super::audit::{self, By};
use super::deliveries::{insert_pin, newest_pin, number, stream};
use super::sql::{self, Connection, OptionalExtension, Row, Transaction, params};
use super::writer::changed;
use crate::people::log::Deed;

/// An invitation to be kept.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// The name that the agent will have.
    pub agent: String,
    /// SHA-256 of the code's secret.
    pub code: [u8; 32],
    /// Until when it holds.
    pub until: Timestamp,
}

/// What became of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// The agent of this name is let in.
    In(String),
    /// There is no such code, or it was used or voided.
    NoSuchCode,
    /// The code held until then.
    Expired(Timestamp),
}

/// A certificate to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewCertificate {
    /// SHA-256 of its DER.
    pub digest: [u8; 32],
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
}

/// Who shows a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The agent.
    pub agent: String,
    /// When the certificate was made.
    pub issued_at: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// A batch that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// SHA-256 of its octets.
    pub digest: [u8; 32],
    /// Whose it is.
    pub agent: String,
    /// Which of its agent's batches it is.
    pub mark: Option<Mark>,
    /// The file that keeps it.
    pub file: String,
    /// What went wrong.
    pub why: String,
}

/// What an agent says of itself when it asks for work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saying {
    /// Its software.
    pub software: String,
    /// The networks that its configuration declares.
    pub networks: Vec<Declared>,
    /// What that configuration lets this collector say.
    pub permits: Permits,
}

/// An agent, as people see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// When its first batch came.
    pub first_seen: Option<Timestamp>,
    /// When it last called at the agents' door.
    pub seen_at: Option<Timestamp>,
    /// Its software, as it last said.
    pub software: String,
    /// The networks that it declares, as it last said.
    pub networks: Vec<Declared>,
    /// What its configuration lets this collector say, as it last said.
    pub permits: Permits,
    /// Until when its newest certificate holds.
    pub until: Option<Timestamp>,
    /// When that certificate was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Batches that never arrived: the first and last number of each gap.
    pub gaps: Vec<(u64, u64)>,
    /// How many observations it took out of its batches for want of room.
    pub dropped: u64,
    /// Files of batches that could not be read.
    pub aside: Vec<String>,
}

pub(super) fn invite(
    tx: &Transaction<'_>,
    new: &NewInvitation,
    author: &By,
) -> Result<(), StoreError> {
    let (by, at) = author.said();
    void(tx, &new.agent, at)?;
    tx.execute(
        "INSERT INTO invitation (agent, code, until, said_at, said_by) VALUES ($1, $2, $3, $4, $5)",
        params![new.agent, new.code, new.until.micros(), at.micros(), by],
    )?;
    audit::by(tx, author, Deed::AgentInvited, new.agent.clone())
}

/// Invitations of this agent that nobody used no longer hold.
fn void(tx: &Transaction<'_>, agent: &str, at: Timestamp) -> Result<(), StoreError> {
    let open = "UPDATE invitation SET spent_at = $1 WHERE agent = $2 AND spent_at IS NULL";
    tx.execute(open, params![at.micros(), agent])?;
    Ok(())
}

/// Whom a code would let in; nothing is changed.
pub(super) fn invited(
    connection: &Connection,
    code: [u8; 32],
    now: Timestamp,
) -> Result<Enrolled, StoreError> {
    let open = "SELECT agent, until FROM invitation WHERE code = $1 AND spent_at IS NULL";
    let found = connection.prepare_cached(open)?.query_row([code], |row| {
        Ok((row.get::<_, String>(0)?, Timestamp::from_micros(row.get(1)?)))
    });
    Ok(match found.optional()? {
        None => Enrolled::NoSuchCode,
        Some((_, until)) if until <= now => Enrolled::Expired(until),
        Some((agent, _)) => Enrolled::In(agent),
    })
}

/// Uses the code up and lets the agent in: its batch key is pinned by the word of who invited it, and
/// earlier certificates under its name no longer hold.
pub(super) fn enrol(
    tx: &Transaction<'_>,
    code: [u8; 32],
    (key, new): (AgentKey, NewCertificate),
) -> Result<Enrolled, StoreError> {
    let now = new.issued_at;
    let Enrolled::In(agent) = invited(tx, code, now)? else { return invited(tx, code, now) };
    let by: String = tx.query_row(
        "UPDATE invitation SET spent_at = $1 WHERE code = $2 RETURNING said_by",
        params![now.micros(), code],
        |row| row.get(0),
    )?;
    if newest_pin(tx, &agent)?.is_none_or(|(_, pinned)| pinned != key) {
        insert_pin(tx, &agent, key, (&by, now))?;
    }
    revoke_certificates(tx, &agent, (&by, now))?;
    insert_certificate(tx, &agent, new)?;
    audit::note(tx, (&by, now), Deed::AgentEnrolled, format!("{agent}: {key}"))?;
    changed(tx)?;
    Ok(Enrolled::In(agent))
}

pub(super) fn insert_certificate(
    tx: &Transaction<'_>,
    agent: &str,
    new: NewCertificate,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO certificate (agent, digest, issued_at, until) VALUES ($1, $2, $3, $4)",
        params![agent, new.digest, new.issued_at.micros(), new.until.micros()],
    )?;
    Ok(())
}

fn revoke_certificates(
    tx: &Transaction<'_>,
    agent: &str,
    (by, at): (&str, Timestamp),
) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE certificate SET revoked_at = $1, revoked_by = $2
         WHERE agent = $3 AND revoked_at IS NULL",
        params![at.micros(), by, agent],
    )?)
}

/// Revokes every certificate of the agent and voids its invitations. Returns how many held until now.
pub(super) fn revoke(tx: &Transaction<'_>, agent: &str, author: &By) -> Result<usize, StoreError> {
    void(tx, agent, author.at)?;
    let revoked = revoke_certificates(tx, agent, author.said())?;
    audit::by(tx, author, Deed::AgentRevoked, agent.to_owned())?;
    changed(tx)?;
    Ok(revoked)
}

/// Who shows the certificate of this digest; `None` if it is none of ours.
pub(super) fn caller(
    connection: &Connection,
    digest: [u8; 32],
) -> Result<Option<Caller>, StoreError> {
    let shown = "SELECT agent, issued_at, until, revoked_at FROM certificate WHERE digest = $1";
    let caller = connection.prepare_cached(shown)?.query_row([digest], |row| {
        Ok(Caller {
            agent: row.get(0)?,
            issued_at: Timestamp::from_micros(row.get(1)?),
            until: Timestamp::from_micros(row.get(2)?),
            revoked_at: time(row, 3)?,
        })
    });
    Ok(caller.optional()?)
}

fn time(row: &Row<'_>, column: usize) -> sql::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros))
}

/// The key that the agent's batches are held to.
pub(super) fn pinned(connection: &Connection, agent: &str) -> Result<Option<AgentKey>, StoreError> {
    Ok(newest_pin(connection, agent)?.map(|(_, key)| key))
}

/// Notes that the agent called, with what it said of itself if it did.
pub(super) fn saw(
    tx: &Transaction<'_>,
    (agent, at): (&str, Timestamp),
    said: Option<&Saying>,
) -> Result<(), StoreError> {
    let seen = "UPDATE agent SET seen_at = $1 WHERE name = $2";
    tx.prepare_cached(seen)?.execute(params![at.micros(), agent])?;
    if let Some(Saying { software, networks, permits }) = said {
        let networks = serde_json::to_string(networks).unwrap_or_default();
        let permits = serde_json::to_string(permits).unwrap_or_default();
        let said = "UPDATE agent SET software = $1, networks = $2, permits = $3 WHERE name = $4";
        tx.prepare_cached(said)?.execute(params![software, networks, permits, agent])?;
    }
    Ok(())
}

pub(super) fn set_aside(
    tx: &Transaction<'_>,
    aside: &Aside,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO aside (digest, agent, stream, number, file, why, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING",
        params![
            aside.digest,
            aside.agent,
            aside.mark.map(stream),
            aside.mark.map(number),
            aside.file,
            aside.why,
            at.micros()
        ],
    )?;
    changed(tx)
}

/// Whether the batch of this digest was set aside.
pub(super) fn is_aside(connection: &Connection, digest: [u8; 32]) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM aside WHERE digest = $1")?.exists([digest])?)
}

/// Every agent, in order of name.
pub(super) fn list(connection: &Connection) -> Result<Vec<Agent>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT name, first_seen, seen_at, software, networks, until, revoked_at, permits FROM agent
         LEFT JOIN certificate ON certificate.id =
             (SELECT max(id) FROM certificate WHERE certificate.agent = agent.name)
         ORDER BY name",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Agent {
            name: row.get(0)?,
            first_seen: time(row, 1)?,
            seen_at: time(row, 2)?,
            software: row.get(3)?,
            networks: serde_json::from_str(&row.get::<_, String>(4)?).unwrap_or_default(),
            until: time(row, 5)?,
            revoked_at: time(row, 6)?,
            permits: serde_json::from_str(&row.get::<_, String>(7)?).unwrap_or_default(),
            ..Agent::default()
        })
    })?;
    let mut agents = rows.collect::<Result<Vec<_>, _>>()?;
    let mut gaps = gaps(connection)?;
    for agent in &mut agents {
        agent.gaps = gaps.remove(&agent.name).unwrap_or_default();
        let dropped = "SELECT CAST(coalesce(sum(dropped), 0) AS BIGINT) FROM batch WHERE agent = $1 AND number > 0";
        let dropped: i64 = connection.query_row(dropped, [&agent.name], |row| row.get(0))?;
        agent.dropped = u64::try_from(dropped).unwrap_or_default();
        let mut aside =
            connection.prepare("SELECT file FROM aside WHERE agent = $1 ORDER BY received_at")?;
        let files = aside.query_map([&agent.name], |row| row.get(0))?;
        agent.aside = files.collect::<Result<_, _>>()?;
    }
    Ok(agents)
}

/// The numbers that are missing among those that came, by agent.
fn gaps(connection: &Connection) -> Result<BTreeMap<String, Vec<(u64, u64)>>, StoreError> {
    let mut statement = connection.prepare(
        "WITH came AS (
             SELECT agent, stream, number FROM batch WHERE number IS NOT NULL
             UNION SELECT agent, stream, number FROM aside WHERE number IS NOT NULL
             UNION SELECT agent, stream, 0 FROM batch WHERE number IS NOT NULL
         ), pairs AS (
             SELECT agent, stream, number,
                 lead(number) OVER (PARTITION BY agent, stream ORDER BY number) AS next FROM came
         )
         SELECT agent, number + 1, next - 1 FROM pairs WHERE next > number + 1
         ORDER BY agent, stream, number",
    )?;
    let mut rows = statement.query([])?;
    let mut gaps: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let natural = |value: i64| u64::try_from(value).unwrap_or_default();
        let gap = (natural(row.get(1)?), natural(row.get(2)?));
        gaps.entry(row.get(0)?).or_default().push(gap);
    }
    Ok(gaps)
}
