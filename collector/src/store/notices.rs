//! Messages to receivers, and what each was told. Queueing a message and remembering what it tells is one
//! transaction, so that of two collectors on one database, or of two starts, one tells it.

use daicho_common::time::Timestamp;

use super::audit::{self, By};
use super::sql::{self, OptionalExtension, Row, params};
use super::{Store, StoreError};
use crate::notify::damp::{Changes, Desk, Memory, Told};
use crate::notify::event::Kind;
use crate::notify::message::Message;
use crate::notify::watch::{Copied, GivenUp};
use crate::people::log::Deed;

/// How long messages that have ended are kept to be looked at: 90 days, in microseconds.
const KEPT: i64 = 90 * 86_400_000_000;
/// How long a message that was given up is told of at other receivers: 7 days, in microseconds.
const TOLD_OF: i64 = 7 * 86_400_000_000;
const BROKEN: StoreError = StoreError::Row { table: "notice" };

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number.
    pub id: i64,
    /// To whom.
    pub channel: String,
    /// How often it was tried.
    pub tries: u32,
    /// What it says.
    pub message: Message,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// It is to be sent.
    Waiting,
    /// It was.
    Sent,
    /// It was given up.
    Failed,
}

impl NoticeState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Failed];

    /// Its name in the store.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// A message as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notified {
    /// To whom.
    pub channel: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Of how many events it tells.
    pub events: u64,
    /// Where it stands.
    pub state: NoticeState,
    /// How often it was tried in vain.
    pub tries: u32,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// Why the last try failed; empty if none did.
    pub said: String,
}

fn time(row: &Row<'_>, column: usize) -> sql::Result<Timestamp> {
    Ok(Timestamp::from_micros(row.get(column)?))
}

fn number(row: &Row<'_>, column: usize) -> sql::Result<u32> {
    Ok(u32::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
}

fn kind(name: &str) -> Kind {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Kind::Trial)
}

impl Store {
    /// What this receiver was told.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn told(&self, channel: &str) -> Result<Memory, StoreError> {
        let connection = self.read();
        let mut statement = connection
            .prepare("SELECT event, kind, ceased_at FROM notice_told WHERE channel = $1")?;
        let rows = statement.query_map(params![channel], |row| {
            let ceased: Option<i64> = row.get(2)?;
            let ceased = ceased.map(Timestamp::from_micros);
            Ok((row.get(0)?, Told { kind: kind(&row.get::<_, String>(1)?), ceased }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What this receiver's messages are like at the moment.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn desk(&self, channel: &str) -> Result<Desk, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare(
            "SELECT max(made_at),
                 CAST(coalesce(sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) AS BIGINT)
             FROM notice WHERE channel = $1",
        )?;
        let mut rows = statement.query(params![channel])?;
        let Some(row) = rows.next()? else { return Ok(Desk::default()) };
        let last: Option<i64> = row.get(0)?;
        let waiting: i64 = row.get(1)?;
        Ok(Desk { last: last.map(Timestamp::from_micros), waiting: waiting > 0 })
    }

    /// Keeps that events came and went.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn remember(
        &self,
        channel: String,
        changes: Changes,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            let mut cease = tx.prepare_cached(
                "UPDATE notice_told SET ceased_at = $1 WHERE channel = $2 AND event = $3",
            )?;
            for event in &changes.ceased {
                cease.execute(params![now.micros(), channel, event])?;
            }
            let mut resume = tx.prepare_cached(
                "UPDATE notice_told SET ceased_at = NULL WHERE channel = $1 AND event = $2",
            )?;
            for event in &changes.resumed {
                resume.execute(params![channel, event])?;
            }
            let mut forget =
                tx.prepare_cached("DELETE FROM notice_told WHERE channel = $1 AND event = $2")?;
            for event in &changes.forgotten {
                forget.execute(params![channel, event])?;
            }
            Ok(())
        })
    }

    /// Queues a message and remembers what it tells. Returns whether it was queued: not if one of these
    /// events was told meanwhile, or another message waits.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn queue(
        &self,
        channel: String,
        message: Message,
        events: Vec<(String, Kind)>,
    ) -> Result<bool, StoreError> {
        self.writer.write(move |tx| {
            let now = message.made_at.micros();
            let waiting = "SELECT 1 FROM notice WHERE channel = $1 AND state = 'waiting'";
            let waiting: Option<i64> =
                tx.query_row(waiting, params![channel], |row| row.get(0)).optional()?;
            let known = "SELECT 1 FROM notice_told WHERE channel = $1 AND event = $2";
            for (event, _) in &events {
                let known: Option<i64> = tx
                    .prepare_cached(known)?
                    .query_row(params![channel, event], |row| row.get(0))
                    .optional()?;
                if waiting.is_some() || known.is_some() {
                    return Ok(false);
                }
            }
            let mut tell = tx.prepare_cached(
                "INSERT INTO notice_told (channel, event, kind, told_at) VALUES ($1, $2, $3, $4)",
            )?;
            for (event, kind) in &events {
                tell.execute(params![channel, event, kind.name(), now])?;
            }
            let content = serde_json::to_string(&message).map_err(|_| BROKEN)?;
            let count = i64::try_from(message.events()).unwrap_or(i64::MAX);
            tx.execute(
                "INSERT INTO notice (channel, made_at, events, content, state, next_at)
                 VALUES ($1, $2, $3, $4, 'waiting', $5)",
                params![channel, now, count, content, now],
            )?;
            tx.execute(
                "DELETE FROM notice WHERE state <> 'waiting' AND made_at < $1",
                params![now.saturating_sub(KEPT)],
            )?;
            Ok(true)
        })
    }

    /// Takes the message of this receiver that is to be sent now; nobody else takes it before `until`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn take_notice(
        &self,
        channel: String,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<Option<Outgoing>, StoreError> {
        self.writer.write(move |tx| {
            let found = tx
                .query_row(
                    "SELECT id, tries, content FROM notice
                     WHERE channel = $1 AND state = 'waiting' AND next_at <= $2
                     ORDER BY id LIMIT 1",
                    params![channel, now.micros()],
                    |row| Ok((row.get::<_, i64>(0)?, number(row, 1)?, row.get::<_, String>(2)?)),
                )
                .optional()?;
            let Some((id, tries, content)) = found else { return Ok(None) };
            tx.execute(
                "UPDATE notice SET next_at = $1 WHERE id = $2",
                params![until.micros(), id],
            )?;
            let message = serde_json::from_str(&content).map_err(|_| BROKEN)?;
            Ok(Some(Outgoing { id, channel, tries, message }))
        })
    }

    /// Keeps that a message was delivered.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn notice_sent(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            tx.execute(
                "UPDATE notice SET state = 'sent', ended_at = $1, said = '' WHERE id = $2",
                params![now.micros(), id],
            )?;
            Ok(())
        })
    }

    /// Keeps that a message could not be delivered, why, and when it is tried next: never, if there is no
    /// such time.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn notice_failed(
        &self,
        (id, tries): (i64, u32),
        said: String,
        (now, next): (Timestamp, Option<Timestamp>),
    ) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            let state = if next.is_some() { NoticeState::Waiting } else { NoticeState::Failed };
            let ended = if next.is_some() { None } else { Some(now.micros()) };
            tx.execute(
                "UPDATE notice SET state = $1, tries = $2, said = $3, next_at = $4, ended_at = $5
                 WHERE id = $6",
                params![
                    state.key(),
                    i64::from(tries),
                    said,
                    next.unwrap_or(now).micros(),
                    ended,
                    id
                ],
            )?;
            Ok(())
        })
    }

    /// The latest messages, the newest first, at most so many.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn notices(&self, most: u32) -> Result<Vec<Notified>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare(
            "SELECT channel, made_at, events, state, tries, next_at, said FROM notice
             ORDER BY made_at DESC, id DESC LIMIT $1",
        )?;
        let rows = statement.query_map(params![i64::from(most)], |row| {
            let state: String = row.get(3)?;
            let state = NoticeState::ALL.into_iter().find(|it| it.key() == state);
            Ok(Notified {
                channel: row.get(0)?,
                made_at: time(row, 1)?,
                events: u64::from(number(row, 2)?),
                state: state.unwrap_or(NoticeState::Failed),
                tries: number(row, 4)?,
                next_at: time(row, 5)?,
                said: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether the store can be written: nothing is, but the turn to do so is taken.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn can_write(&self) -> Result<(), StoreError> {
        self.writer.write(|_| Ok(()))
    }

    /// How many messages wait.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn notices_waiting(&self) -> Result<u64, StoreError> {
        let connection = self.read();
        let count = "SELECT count(*) FROM notice WHERE state = 'waiting'";
        let count: i64 = connection.query_row(count, [], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Messages that were given up lately.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn given_up(&self, now: Timestamp) -> Result<Vec<GivenUp>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare(
            "SELECT channel, ended_at, said FROM notice
             WHERE state = 'failed' AND ended_at > $1 ORDER BY id",
        )?;
        let rows = statement.query_map(params![now.micros().saturating_sub(TOLD_OF)], |row| {
            Ok(GivenUp { channel: row.get(0)?, at: time(row, 1)?, said: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps what became of a regular copy of the database.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn note_copy(&self, copied: Copied) -> Result<(), StoreError> {
        self.writer.write(move |tx| {
            tx.execute(
                "INSERT INTO copied (at, failed) VALUES ($1, $2)",
                params![copied.at.micros(), copied.failed],
            )?;
            tx.execute(
                "DELETE FROM copied WHERE at < $1",
                params![copied.at.micros().saturating_sub(400 * 86_400_000_000)],
            )?;
            Ok(())
        })
    }

    /// The latest regular copy, and when the latest came about.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn copies(&self) -> Result<(Option<Copied>, Option<Timestamp>), StoreError> {
        let connection = self.read();
        let latest = "SELECT at, failed FROM copied ORDER BY id DESC LIMIT 1";
        let latest = connection
            .query_row(latest, [], |row| Ok(Copied { at: time(row, 0)?, failed: row.get(1)? }))
            .optional()?;
        let good = "SELECT max(at) FROM copied WHERE failed IS NULL";
        let good: Option<i64> = connection.query_row(good, [], |row| row.get(0))?;
        Ok((latest, good.map(Timestamp::from_micros)))
    }

    /// Keeps that somebody tried whether messages arrive.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn note_trial(&self, channel: &str, by: By) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.writer.write(move |tx| audit::by(tx, &by, Deed::NotifyTested, channel))
    }
}
