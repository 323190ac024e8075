//! The store's two further faces: who may come in ([`Admissions`]), and what they are to do
//! ([`Jobs`]). What each does is in [`super::agents`] and [`super::jobs`].

use daicho_common::batch::AgentKey;
use daicho_common::job::{Order, Report};
use daicho_common::time::Timestamp;

use super::agents::{self, Agent, Aside, Caller, Enrolled, NewCertificate, NewInvitation, Saying};
use super::jobs::{self, Job, Kept, NewJob};
use super::{By, Seen, Store, StoreError};
use crate::schedule::{Run, Schedule};

/// Agents and how they are let in.
#[derive(Clone, Copy, Debug)]
pub struct Admissions<'a>(pub(super) &'a Store);

impl Admissions<'_> {
    /// Keeps an invitation; an earlier one of the same agent no longer holds.
    pub fn invite(&self, new: NewInvitation, by: impl Into<By>) -> Result<(), StoreError> {
        let by = by.into();
        self.0.writer.write(move |tx| agents::invite(tx, &new, &by))
    }

    /// Whom a code lets in. The code stays as it is.
    pub fn invited(&self, code: [u8; 32], now: Timestamp) -> Result<Enrolled, StoreError> {
        agents::invited(&self.0.read(), code, now)
    }

    /// Uses a code up: the agent is held to this key and known by this certificate, and by no earlier
    /// one.
    pub fn enrol(
        &self,
        code: [u8; 32],
        key: AgentKey,
        certificate: NewCertificate,
    ) -> Result<Enrolled, StoreError> {
        self.0.writer.write(move |tx| agents::enrol(tx, code, (key, certificate)))
    }

    /// Keeps the next certificate of an agent; the present one holds until its end.
    pub fn renew(&self, agent: String, certificate: NewCertificate) -> Result<(), StoreError> {
        self.0.writer.write(move |tx| agents::insert_certificate(tx, &agent, certificate))
    }

    /// Revokes every certificate of the agent and voids its invitations; returns how many
    /// certificates that were.
    pub fn revoke(&self, agent: String, by: impl Into<By>) -> Result<usize, StoreError> {
        let by = by.into();
        self.0.writer.write(move |tx| agents::revoke(tx, &agent, &by))
    }

    /// Who shows the certificate whose DER has this SHA-256; `None` if it is none of ours.
    pub fn caller(&self, digest: [u8; 32]) -> Result<Option<Caller>, StoreError> {
        agents::caller(&self.0.read(), digest)
    }

    /// The key to which the agent's batches are held.
    pub fn key(&self, agent: &str) -> Result<Option<AgentKey>, StoreError> {
        agents::pinned(&self.0.read(), agent)
    }

    /// Notes that the agent called, with what it told of itself.
    pub fn saw(
        &self,
        (agent, at): (String, Timestamp),
        said: Option<Saying>,
    ) -> Result<(), StoreError> {
        self.0.writer.write(move |tx| agents::saw(tx, (&agent, at), said.as_ref()))
    }

    /// Notes that a batch could not be read and where it is kept.
    pub fn set_aside(&self, aside: Aside, at: Timestamp) -> Result<(), StoreError> {
        self.0.writer.write(move |tx| agents::set_aside(tx, &aside, at))
    }

    /// Whether the batch of this digest was set aside.
    pub fn is_aside(&self, digest: [u8; 32]) -> Result<bool, StoreError> {
        agents::is_aside(&self.0.read(), digest)
    }

    /// Every agent, in order of name.
    pub fn list(&self) -> Result<Vec<Agent>, StoreError> {
        agents::list(&self.0.read())
    }
}

/// Schedules and jobs.
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'a>(pub(super) &'a Store);

impl Jobs<'_> {
    /// Keeps a schedule in the place of the one of its name; returns its number.
    pub fn add(&self, schedule: Schedule, by: impl Into<By>) -> Result<u64, StoreError> {
        let by = by.into();
        self.0.writer.write(move |tx| jobs::add(tx, &schedule, &by))
    }

    /// Takes a schedule out. Returns whether it was there.
    pub fn remove(&self, name: String, by: impl Into<By>) -> Result<bool, StoreError> {
        let by = by.into();
        self.0.writer.write(move |tx| jobs::remove(tx, &name, &by))
    }

    /// As [`Self::add`], if what was seen of the schedule of its name still holds; `None` if not.
    pub fn add_as(
        &self,
        schedule: Schedule,
        seen: Seen,
        by: By,
    ) -> Result<Option<u64>, StoreError> {
        self.0.writer.write(move |tx| {
            if !jobs::is_seen(tx, &schedule.name, seen)? {
                return Ok(None);
            }
            jobs::add(tx, &schedule, &by).map(Some)
        })
    }

    /// As [`Self::remove`], if what was seen of it still holds; `None` if not.
    pub fn remove_as(&self, name: String, seen: Seen, by: By) -> Result<Option<bool>, StoreError> {
        self.0.writer.write(move |tx| {
            if !jobs::is_seen(tx, &name, seen)? {
                return Ok(None);
            }
            jobs::remove(tx, &name, &by).map(Some)
        })
    }

    /// The schedules that hold, in order of name.
    pub fn schedules(&self) -> Result<Vec<Kept>, StoreError> {
        jobs::schedules(&self.0.read())
    }

    /// Makes runs of a schedule jobs, where they are not yet.
    pub fn fall_due(&self, kept: Kept, runs: Vec<Run>, now: Timestamp) -> Result<(), StoreError> {
        self.0
            .writer
            .write(move |tx| runs.iter().try_for_each(|run| jobs::fall_due(tx, &kept, (*run, now))))
    }

    /// Keeps a job that somebody wants once; returns its number.
    pub fn want(&self, new: NewJob, by: impl Into<By>) -> Result<u64, StoreError> {
        let by = by.into();
        self.0.writer.write(move |tx| jobs::want(tx, &new, &by))
    }

    /// Hands the agent its oldest job that is due.
    pub fn take(&self, agent: String, now: Timestamp) -> Result<Option<Order>, StoreError> {
        self.0.writer.write(move |tx| jobs::take(tx, &agent, now))
    }

    /// Notes what an agent says of its job. Returns whether somebody wants it to end; `None` if the
    /// job is not this agent's, or over.
    pub fn report(
        &self,
        (agent, job): (String, u64),
        (report, now): (Report, Timestamp),
    ) -> Result<Option<bool>, StoreError> {
        self.0.writer.write(move |tx| jobs::report(tx, (&agent, job), (&report, now)))
    }

    /// Whether somebody wants this job of this agent to end; `None` if it does not run.
    pub fn stopping(&self, agent: &str, job: u64) -> Result<Option<bool>, StoreError> {
        jobs::stopping(&self.0.read(), agent, job)
    }

    /// Gives up what nobody asked for in time, and what its agent has not spoken of since `silent`.
    pub fn give_up(&self, now: Timestamp, silent: Timestamp) -> Result<usize, StoreError> {
        self.0.writer.write(move |tx| jobs::give_up(tx, now, silent))
    }

    /// Something that differs once there is another job, or another wish about one.
    pub fn pulse(&self) -> Result<(i64, i64, i64), StoreError> {
        jobs::pulse(&self.0.read())
    }

    /// The latest jobs, the one that is due last first.
    pub fn list(&self) -> Result<Vec<Job>, StoreError> {
        jobs::jobs(&self.0.read())
    }
}

#[cfg(test)]
mod tests;
