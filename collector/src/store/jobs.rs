//! Schedules and the jobs that come of them: each run of a schedule becomes one row once it is due, and
//! the row says what became of it. Nothing is decided by the clock going forwards: a run that has a row
//! gets no second one.

use daicho_common::enrolment::Sentence;
use daicho_common::job::{Course, Order, Report, Stage};
use daicho_common::time::Timestamp;

use super::StoreError;
use super::audit::{self, By};
use super::seen::Seen;
use super::sql::{self, Connection, OptionalExtension, Row, Transaction, params};
use super::writer::changed;
use crate::people::log::Deed;
use crate::schedule::{Missed, Run, Schedule, Why};

/// Rows of a list of jobs.
const LISTED: i64 = 200;

/// A schedule that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub schedule: Schedule,
    /// When it was made.
    pub said_at: Timestamp,
    /// By whom.
    pub said_by: String,
    /// When its latest run was due; when it was made, if there was none.
    pub after: Timestamp,
}

impl Kept {
    /// Its number as what was seen of it ([`Seen::Version`]).
    pub fn version(&self) -> i64 {
        row_id(self.id)
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Its agent has not asked for it yet.
    Waiting,
    /// Its agent does it.
    Running,
    /// Done.
    Done,
    /// Ended before its end, because somebody wanted it or its window closed.
    Stopped,
    /// The agent's configuration does not allow it.
    Refused,
    /// It could not be done, or its agent fell silent.
    Failed,
    /// Its agent did not ask for it in time.
    Missed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Stopped,
        Self::Refused,
        Self::Failed,
        Self::Missed,
    ];

    /// Its name in the store and in addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Missed => "missed",
        }
    }

    /// Whether nothing more will come.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    const fn of(course: Course) -> Self {
        match course {
            Course::Running => Self::Running,
            Course::Done => Self::Done,
            Course::Stopped => Self::Stopped,
            Course::Refused => Self::Refused,
            Course::Failed => Self::Failed,
        }
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub agent: String,
    /// The schedule's name; empty for one that somebody wanted once.
    pub schedule: String,
    /// When it was to begin.
    pub due: Timestamp,
    /// Who wanted it.
    pub said_by: String,
    /// Where it stands.
    pub state: State,
    /// When its agent took it.
    pub taken_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How far it got, at its end.
    pub stage: Option<Stage>,
    /// Why it ended so.
    pub said: Option<Sentence>,
    /// Whether somebody wants it to end.
    pub stopping: bool,
}

/// A scan that somebody wants once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Whose it is.
    pub agent: String,
    /// What is wanted; its number is given by the store.
    pub order: Order,
    /// When it is to begin, and by when.
    pub run: Run,
}

fn id(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn row_id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

fn time(row: &Row<'_>, column: usize) -> sql::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros))
}

/// Whether what is seen of a schedule is what holds of it.
pub(super) fn is_seen(tx: &Transaction<'_>, name: &str, seen: Seen) -> Result<bool, StoreError> {
    let holds = "SELECT id FROM schedule WHERE name = $1 AND removed_at IS NULL";
    let holds = tx.query_row(holds, [name], |row| Ok((row.get(0)?, true)));
    Ok(seen.is(holds.optional()?))
}

/// Keeps a schedule in the place of the one of its name.
pub(super) fn add(
    tx: &Transaction<'_>,
    schedule: &Schedule,
    author: &By,
) -> Result<u64, StoreError> {
    let (by, at) = author.said();
    take_out(tx, &schedule.name, (by, at))?;
    let content = serde_json::to_string(schedule).unwrap_or_default();
    let new = tx.query_row(
        "INSERT INTO schedule (name, content, said_at, said_by) VALUES ($1, $2, $3, $4) RETURNING id",
        params![schedule.name, content, at.micros(), by],
        |row| row.get(0),
    )?;
    audit::by(tx, author, Deed::ScheduleAdded, content)?;
    changed(tx)?;
    Ok(id(new))
}

/// Takes a schedule out, and what waits of it. Returns whether it was there.
pub(super) fn remove(tx: &Transaction<'_>, name: &str, author: &By) -> Result<bool, StoreError> {
    let removed = take_out(tx, name, author.said())?;
    if removed {
        audit::by(tx, author, Deed::ScheduleRemoved, name.to_owned())?;
        changed(tx)?;
    }
    Ok(removed)
}

fn take_out(
    tx: &Transaction<'_>,
    name: &str,
    (by, at): (&str, Timestamp),
) -> Result<bool, StoreError> {
    tx.execute(
        "DELETE FROM job WHERE state = 'waiting' AND schedule IN
             (SELECT id FROM schedule WHERE name = $1 AND removed_at IS NULL)",
        [name],
    )?;
    let removed = tx.execute(
        "UPDATE schedule SET removed_at = $1, removed_by = $2
         WHERE name = $3 AND removed_at IS NULL",
        params![at.micros(), by, name],
    )?;
    Ok(removed > 0)
}

/// The schedules that hold, in order of name.
pub(super) fn schedules(connection: &Connection) -> Result<Vec<Kept>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, content, said_at, said_by,
             (SELECT max(due) FROM job WHERE job.schedule = schedule.id)
         FROM schedule WHERE removed_at IS NULL ORDER BY name",
    )?;
    let mut rows = statement.query([])?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(1)?;
        let broken = |_| StoreError::Row { table: "schedule" };
        let said_at = Timestamp::from_micros(row.get(2)?);
        kept.push(Kept {
            id: id(row.get(0)?),
            schedule: serde_json::from_str(&text).map_err(broken)?,
            said_at,
            said_by: row.get(3)?,
            after: time(&row, 4)?.map_or(said_at, |due| due.max(said_at)),
        });
    }
    Ok(kept)
}

/// Makes a run of a schedule a job, unless it is one already.
pub(super) fn fall_due(
    tx: &Transaction<'_>,
    kept: &Kept,
    (run, now): (Run, Timestamp),
) -> Result<(), StoreError> {
    insert(
        tx,
        (&kept.schedule.agent, &kept.schedule.order()),
        (run, Some(kept.id)),
        (&kept.said_by, now),
    )?;
    Ok(())
}

/// Keeps a job that somebody wants once.
pub(super) fn want(tx: &Transaction<'_>, new: &NewJob, author: &By) -> Result<u64, StoreError> {
    let job = insert(tx, (&new.agent, &new.order), (new.run, None), author.said())?;
    let job = job.unwrap_or_default();
    audit::by(tx, author, Deed::ScanWanted, format!("{}: job {job}", new.agent))?;
    Ok(job)
}

fn insert(
    tx: &Transaction<'_>,
    (agent, order): (&str, &Order),
    (run, schedule): (Run, Option<u64>),
    (by, at): (&str, Timestamp),
) -> Result<Option<u64>, StoreError> {
    let new = "INSERT INTO job (agent, schedule, due, start_by, stop_at, content, said_at, said_by, state)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting')
               ON CONFLICT (schedule, due) DO NOTHING RETURNING id";
    let content = serde_json::to_string(order).unwrap_or_default();
    let new = tx.prepare_cached(new)?.query_row(
        params![
            agent,
            schedule.map(row_id),
            run.due.micros(),
            run.start_by.micros(),
            run.stop_at.map(Timestamp::micros),
            content,
            at.micros(),
            by
        ],
        |row| row.get(0),
    );
    Ok(new.optional()?.map(id))
}

/// Hands the agent its oldest waiting job that is due and not too late. Who asks for work does none:
/// what it was at before ended with it.
pub(super) fn take(
    tx: &Transaction<'_>,
    agent: &str,
    now: Timestamp,
) -> Result<Option<Order>, StoreError> {
    let dead = "UPDATE job SET state = 'failed', ended_at = $1
                WHERE agent = $2 AND state = 'running' AND heard_at > taken_at";
    tx.prepare_cached(dead)?.execute(params![now.micros(), agent])?;
    let unheard = "UPDATE job SET state = 'waiting', taken_at = NULL
                   WHERE agent = $1 AND state = 'running' AND heard_at = taken_at";
    tx.prepare_cached(unheard)?.execute([agent])?;
    let next = "SELECT id, content, stop_at FROM job WHERE agent = $1 AND state = 'waiting'
                AND due <= $2 AND start_by >= $2 ORDER BY due, id LIMIT 1";
    let found = tx.prepare_cached(next)?.query_row(params![agent, now.micros()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, time(row, 2)?))
    });
    let Some((job, text, stop_at)) = found.optional()? else { return Ok(None) };
    let broken = |_| StoreError::Row { table: "job" };
    let mut order: Order = serde_json::from_str(&text).map_err(broken)?;
    order.id = id(job);
    let left = |until: Timestamp| u64::try_from((until.micros() - now.micros()) / 1_000_000);
    if let Some(left) = stop_at.map(|until| left(until).unwrap_or_default()) {
        order.seconds = Some(order.seconds.map_or(left, |longest| longest.min(left)));
    }
    tx.execute(
        "UPDATE job SET state = 'running', taken_at = $1, heard_at = $1 WHERE id = $2",
        params![now.micros(), job],
    )?;
    Ok(Some(order))
}

/// Notes what the agent says of its job. Returns whether somebody wants it to end; `None` if the job
/// is not this agent's, or over.
pub(super) fn report(
    tx: &Transaction<'_>,
    (agent, job): (&str, u64),
    (report, now): (&Report, Timestamp),
) -> Result<Option<bool>, StoreError> {
    // A job that was given up because its agent fell silent comes back with it.
    let known = "SELECT stop_said_at IS NOT NULL FROM job WHERE id = $1 AND agent = $2
                 AND state IN ('running', 'failed')";
    let known = tx
        .prepare_cached(known)?
        .query_row(params![row_id(job), agent], |row| row.get(0))
        .optional()?;
    let state = State::of(report.course);
    if known.is_some() {
        let over = report.course.is_over();
        tx.prepare_cached(
            "UPDATE job SET state = $1, heard_at = $2, ended_at = $3, stage = $4, said = $5
             WHERE id = $6",
        )?
        .execute(params![
            state.key(),
            now.micros(),
            over.then_some(now.micros()),
            serde_json::to_string(&report.stage).unwrap_or_default(),
            report.said.as_ref().and_then(|said| serde_json::to_string(said).ok()),
            row_id(job),
        ])?;
        if over {
            changed(tx)?;
        }
    }
    Ok(known)
}

/// Whether somebody wants this job of this agent to end; `None` if it does not run.
pub(super) fn stopping(
    connection: &Connection,
    agent: &str,
    job: u64,
) -> Result<Option<bool>, StoreError> {
    let known = "SELECT stop_said_at IS NOT NULL FROM job
                 WHERE id = $1 AND agent = $2 AND state = 'running'";
    let known =
        connection.prepare_cached(known)?.query_row(params![row_id(job), agent], |row| row.get(0));
    Ok(known.optional()?)
}

/// Notes that somebody wants the agent's jobs to end: what runs is told, what waits begins no more.
/// Returns how many there were.
pub(super) fn stop(
    tx: &Transaction<'_>,
    agent: &str,
    (by, at): (&str, Timestamp),
) -> Result<usize, StoreError> {
    let running = tx.execute(
        "UPDATE job SET stop_said_at = $1, stop_said_by = $2
         WHERE agent = $3 AND state = 'running' AND stop_said_at IS NULL",
        params![at.micros(), by, agent],
    )?;
    let waiting = tx.execute(
        "UPDATE job SET state = 'stopped', ended_at = $1, stop_said_at = $1, stop_said_by = $2
         WHERE agent = $3 AND state = 'waiting' AND due <= $1",
        params![at.micros(), by, agent],
    )?;
    changed(tx)?;
    Ok(running + waiting)
}

/// Gives up what its agent did not ask for in time, and what it has not spoken of since `silent`; what
/// it has never spoken of waits again, for it may not have heard of it. Returns how many were given up.
pub(super) fn give_up(
    tx: &Transaction<'_>,
    now: Timestamp,
    silent: Timestamp,
) -> Result<usize, StoreError> {
    let missed = tx.prepare_cached(
        "UPDATE job SET state = 'missed', ended_at = $1 WHERE state = 'waiting' AND start_by < $1",
    )?
    .execute([now.micros()])?;
    tx.prepare_cached(
        "UPDATE job SET state = 'waiting', taken_at = NULL
         WHERE state = 'running' AND heard_at < $1 AND heard_at = taken_at AND start_by >= $2",
    )?
    .execute([silent.micros(), now.micros()])?;
    let lost = tx.prepare_cached(
        "UPDATE job SET state = 'failed', ended_at = $1 WHERE state = 'running' AND heard_at < $2",
    )?
    .execute([now.micros(), silent.micros()])?;
    if missed + lost > 0 {
        changed(tx)?;
    }
    Ok(missed + lost)
}

/// A number that differs once there is another job, or another wish about one.
pub(super) fn pulse(connection: &Connection) -> Result<(i64, i64, i64), StoreError> {
    let pulse = "SELECT (SELECT coalesce(max(id), 0) FROM job),
                        (SELECT count(*) FROM job WHERE state = 'running' AND stop_said_at > 0),
                        (SELECT count(*) FROM certificate WHERE revoked_at > 0)";
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    Ok(connection.prepare_cached(pulse)?.query_row([], row)?)
}

/// The latest jobs, the one that is due last first.
pub(super) fn jobs(connection: &Connection) -> Result<Vec<Job>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT job.id, job.agent, coalesce(schedule.name, ''), due, job.said_by, state, taken_at,
             ended_at, stage, said, stop_said_at
         FROM job LEFT JOIN schedule ON schedule.id = job.schedule
         ORDER BY due DESC, job.id DESC LIMIT $1",
    )?;
    let rows = statement.query_map([LISTED], |row| {
        let state: String = row.get(5)?;
        let text = |column: usize| row.get::<_, Option<String>>(column);
        Ok(Job {
            id: id(row.get(0)?),
            agent: row.get(1)?,
            schedule: row.get(2)?,
            due: Timestamp::from_micros(row.get(3)?),
            said_by: row.get(4)?,
            state: State::ALL.into_iter().find(|it| it.key() == state).unwrap_or(State::Failed),
            taken_at: time(row, 6)?,
            ended_at: time(row, 7)?,
            stage: text(8)?.and_then(|text| serde_json::from_str(&text).ok()),
            said: text(9)?.and_then(|text| serde_json::from_str(&text).ok()),
            stopping: row.get::<_, Option<i64>>(10)?.is_some(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What has not come about since it last did, by schedule or, for what was wanted once, by agent.
pub(super) fn missed(connection: &Connection) -> Result<Vec<Missed>, StoreError> {
    let mut statement = connection.prepare(
        "WITH failed AS (
             SELECT coalesce(schedule.name, '') AS name, job.agent, job.due, job.state,
                 count(*) OVER (PARTITION BY coalesce(job.schedule, 0), job.agent) AS times,
                 row_number() OVER (PARTITION BY coalesce(job.schedule, 0), job.agent
                     ORDER BY job.due DESC, job.id DESC) AS place
             FROM job LEFT JOIN schedule ON schedule.id = job.schedule
             WHERE job.state IN ('missed', 'failed', 'refused') AND schedule.removed_at IS NULL
             AND job.due > coalesce((SELECT max(later.due) FROM job AS later
                 WHERE later.agent = job.agent AND later.state IN ('done', 'stopped')
                 AND coalesce(later.schedule, 0) = coalesce(job.schedule, 0)), 0)
         )
         SELECT name, agent, due, state, times FROM failed WHERE place = 1 ORDER BY name, agent",
    )?;
    let rows = statement.query_map([], |row| {
        let state: String = row.get(3)?;
        Ok(Missed {
            schedule: row.get(0)?,
            agent: row.get(1)?,
            due: Timestamp::from_micros(row.get(2)?),
            why: match state.as_str() {
                "missed" => Why::NotTaken,
                "refused" => Why::Refused,
                _ => Why::Failed,
            },
            times: id(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
