//! What people said about a finding. An answer settles it for as long as its facts stay the same.

use daicho_common::time::Timestamp;
use serde::Serialize;

use super::digest::Digest;
use crate::day::Day;
use crate::decision::{Decided, Decision, Disposition};

/// The latest answer to a finding; its history is in the decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The number of the latest decision about it.
    pub decision: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    pub why: String,
    /// What was done; `None` where only an owner or a due date was set.
    pub disposition: Option<Disposition>,
    /// Who sees to it; empty if nobody was named.
    pub owner: String,
    /// Until when.
    pub due: Option<Day>,
    /// Whether its facts are still those that were answered.
    pub holds: bool,
}

impl Answer {
    /// The latest of these answers, in order, held against the facts as they are.
    pub(super) fn of(answers: &[&Decided], now: Digest) -> Option<Self> {
        let decided = answers.last()?;
        let Decision::Answer { facts, disposition, owner, due, .. } = &decided.what else {
            return None;
        };
        Some(Self {
            decision: decided.id,
            at: decided.at,
            by: decided.by.clone(),
            why: decided.why.clone(),
            disposition: *disposition,
            owner: owner.clone(),
            due: *due,
            holds: *facts == now.to_string(),
        })
    }

    /// Whether nothing is left to do.
    pub fn settles(&self) -> bool {
        self.holds && self.disposition.is_some_and(Disposition::settles)
    }

    /// Whether it should have been done before this day.
    pub fn is_overdue(&self, today: Day) -> bool {
        !self.settles() && self.due.is_some_and(|due| due < today)
    }
}
