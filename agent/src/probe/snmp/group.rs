//! Objects of which there is one each, by GET: some at a time, fewer where the answer does not fit.

use super::message::{Oid, Reply, Request, Status, Value};
use daicho_common::observation::Outcome;

/// Most objects in one question.
const WIDTH: usize = 24;

/// The question for a group of objects.
#[derive(Debug)]
pub(super) struct Group {
    objects: Vec<u32>,
    names: Vec<Oid>,
    cells: Vec<Value>,
    /// How many objects are asked for at a time: those after the ones in `cells`.
    width: usize,
    flawed: bool,
    outcome: Option<Outcome>,
}

impl Group {
    /// The objects of the group with this identifier, each with its instance 0; not asked yet.
    pub(super) fn new(group: &[u32], objects: impl Iterator<Item = u32>) -> Self {
        let objects: Vec<u32> = objects.collect();
        let names: Vec<_> = objects.iter().map(|it| Oid::new(group, &[*it, 0])).collect();
        let outcome = names.is_empty().then_some(Outcome::Complete);
        Self { objects, names, cells: Vec::new(), width: WIDTH, flawed: false, outcome }
    }

    fn asked(&self) -> &[Oid] {
        let rest = self.names.get(self.cells.len()..).unwrap_or_default();
        rest.get(..self.width).unwrap_or(rest)
    }

    /// The next question; `None` once it has ended.
    pub(super) fn question(&self) -> Option<Request> {
        self.outcome.is_none().then(|| Request::Get(self.asked().to_vec()))
    }

    /// Takes the answer to the last question.
    pub(super) fn answer(&mut self, reply: Reply) {
        match reply.status {
            Status::Ok => {
                let right = reply.objects.iter().map(|(name, _)| name).eq(self.asked());
                if !right {
                    return self.break_off(Outcome::Malformed);
                }
                self.cells.extend(reply.objects.into_iter().map(|(_, value)| value));
            }
            Status::Refused => return self.break_off(Outcome::Refused),
            Status::NoSuchName if self.asked().len() > 1 => self.width = 1,
            Status::TooBig | Status::General if self.asked().len() > 1 => {
                self.width = self.asked().len() / 2;
            }
            Status::NoSuchName => self.cells.push(Value::Missing),
            Status::TooBig | Status::General => {
                self.flawed = true;
                self.cells.push(Value::Missing);
            }
        }
        if self.cells.len() >= self.names.len() {
            self.outcome = Some(match (self.said_something(), self.flawed) {
                (true, false) => Outcome::Complete,
                (true, true) => Outcome::Partial,
                (false, _) => Outcome::Refused,
            });
        }
    }

    /// Whether no answer came yet.
    pub(super) const fn is_unanswered(&self) -> bool {
        self.cells.is_empty() && self.width == WIDTH
    }

    /// Ends with this outcome, or with `Partial` if something had come.
    pub(super) fn break_off(&mut self, outcome: Outcome) {
        self.outcome = Some(if self.said_something() { Outcome::Partial } else { outcome });
    }

    /// Whether any object is there.
    pub(super) fn said_something(&self) -> bool {
        self.cells.iter().any(|cell| !matches!(cell, Value::Missing | Value::End | Value::Other))
    }

    /// How it ended, once it has; `Refused` where none of the objects is there.
    pub(super) const fn ended(&self) -> Option<Outcome> {
        self.outcome
    }

    /// The numbers of the objects, in the order in which they are asked for.
    pub(super) fn objects(&self) -> Vec<u32> {
        self.objects.clone()
    }

    /// What came, in the order of the objects.
    pub(super) fn cells(&self) -> &[Value] {
        &self.cells
    }
}
