//! Batches in, and the keys that agents are held to. Cost is by what a batch holds, through indexed
//! look-ups, and never by what is there already.

use daicho_common::batch::{AgentKey, Header, Mark, Opened};
use daicho_common::time::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::sql::{Connection, OptionalExtension, Transaction, params};
use super::writer::changed;
use super::{StoreError, audit};
use crate::people::log::Deed;

mod facts;
mod fold;
pub(super) mod key;
mod observations;
pub(super) mod packed;

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is kept now.
    New {
        /// Observations that were not there before.
        observations: usize,
    },
    /// The same batch was there already; nothing changed.
    AlreadyKnown,
}

/// What became of a word of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// The agent is held to this key from now on.
    Pinned,
    /// It was held to it already; nothing changed.
    AlreadyPinned,
}

pub(super) fn append(
    tx: &Transaction<'_>,
    opened: &Opened,
    received_at: Timestamp,
) -> Result<Appended, StoreError> {
    let known = tx
        .prepare_cached("SELECT id FROM batch WHERE digest = $1")?
        .exists(params![opened.digest])?;
    if known || is_known_by_number(tx, opened)? {
        return Ok(Appended::AlreadyKnown);
    }
    let header = &opened.batch.header;
    let pin = hold_to_key(tx, header, opened.key, received_at)?;
    let batch = insert_batch(tx, opened, pin, received_at)?;
    let observations = observations::insert(tx, &opened.batch.observations, batch)?;
    for coverage in &opened.batch.coverage {
        let text = json(coverage);
        tx.prepare_cached(
            "INSERT INTO coverage (hash, batch, content) VALUES ($1, $2, $3)
             ON CONFLICT (hash) DO NOTHING",
        )?
        .execute(params![hash(&text), batch, text])?;
    }
    for sent in &opened.batch.sent {
        let text = json(sent);
        tx.prepare_cached(
            "INSERT INTO sent (hash, batch, content) VALUES ($1, $2, $3)
             ON CONFLICT (hash) DO NOTHING",
        )?
        .execute(params![hash(&text), batch, text])?;
    }
    changed(tx)?;
    Ok(Appended::New { observations })
}

/// Whether this batch was here before its agent folded it for want of room. Without that, two batches
/// of one number are two batches: an agent whose state was restored from a copy counts again.
fn is_known_by_number(tx: &Transaction<'_>, opened: &Opened) -> Result<bool, StoreError> {
    let Some(mark) = opened.mark.filter(|mark| mark.dropped > 0) else { return Ok(false) };
    let whole =
        "SELECT 1 FROM batch WHERE agent = $1 AND stream = $2 AND number = $3 AND dropped = 0";
    let agent = &opened.batch.header.agent;
    Ok(tx.prepare_cached(whole)?.exists(params![agent, stream(mark), number(mark)])?)
}

/// The name of a count as the store keeps it: the same 64 bits, signed.
pub(super) const fn stream(mark: Mark) -> i64 {
    mark.stream.cast_signed()
}

/// A number as the store keeps it.
pub(super) fn number(mark: Mark) -> i64 {
    i64::try_from(mark.number).unwrap_or(i64::MAX)
}

/// The pin that the batch satisfies; the first batch of an agent makes it.
fn hold_to_key(
    tx: &Transaction<'_>,
    header: &Header,
    offered: AgentKey,
    received_at: Timestamp,
) -> Result<i64, StoreError> {
    let pin = match newest_pin(tx, &header.agent)? {
        Some((pin, pinned)) if pinned == offered => pin,
        Some((_, pinned)) => {
            return Err(StoreError::OtherKey { agent: header.agent.clone(), pinned, offered });
        }
        None => insert_pin(tx, &header.agent, offered, ("", received_at))?,
    };
    tx.prepare_cached("UPDATE agent SET first_seen = $1 WHERE name = $2 AND first_seen IS NULL")?
        .execute(params![received_at.micros(), header.agent])?;
    Ok(pin)
}

pub(super) fn newest_pin(
    tx: &Connection,
    agent: &str,
) -> Result<Option<(i64, AgentKey)>, StoreError> {
    Ok(tx
        .prepare_cached("SELECT id, key FROM pin WHERE agent = $1 ORDER BY id DESC LIMIT 1")?
        .query_row(params![agent], |row| Ok((row.get(0)?, AgentKey::new(row.get(1)?))))
        .optional()?)
}

pub(super) fn insert_pin(
    tx: &Transaction<'_>,
    agent: &str,
    key: AgentKey,
    (by, at): (&str, Timestamp),
) -> Result<i64, StoreError> {
    tx.execute("INSERT INTO agent (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", [agent])?;
    Ok(tx.query_row(
        "INSERT INTO pin (agent, key, pinned_at, pinned_by) VALUES ($1, $2, $3, $4) RETURNING id",
        params![agent, key.octets(), at.micros(), by],
        |row| row.get(0),
    )?)
}

pub(super) fn trust(
    tx: &Transaction<'_>,
    agent: &str,
    key: AgentKey,
    (by, at): (&str, Timestamp),
) -> Result<Trusted, StoreError> {
    if newest_pin(tx, agent)?.is_some_and(|(_, pinned)| pinned == key) {
        return Ok(Trusted::AlreadyPinned);
    }
    insert_pin(tx, agent, key, (by, at))?;
    audit::note(tx, (by, at), Deed::AgentTrusted, format!("{agent}: {key}"))?;
    changed(tx)?;
    Ok(Trusted::Pinned)
}

fn insert_batch(
    tx: &Transaction<'_>,
    opened: &Opened,
    pin: i64,
    received_at: Timestamp,
) -> Result<i64, StoreError> {
    let header = &opened.batch.header;
    Ok(tx
        .prepare_cached(
            "INSERT INTO batch (digest, agent, pin, scan, sequence, last, began, closed, software,
                 received_at, stream, number, dropped)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id",
        )?
        .query_row(
            params![
                opened.digest,
                header.agent,
                pin,
                header.scan,
                header.sequence,
                header.last,
                header.from.micros(),
                header.to.micros(),
                header.software,
                received_at.micros(),
                opened.mark.map(stream),
                opened.mark.map(number),
                opened.mark.map_or(0, |mark| mark.dropped),
            ],
            |row| row.get(0),
        )?)
}

fn json(value: &impl Serialize) -> String {
    // Serialising these types cannot fail: no map has a key that is not a string.
    serde_json::to_string(value).unwrap_or_default()
}

/// The first 16 octets of the text's SHA-256.
fn hash(text: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(Sha256::digest(text.as_bytes())) {
        *to = from;
    }
    hash
}
