//! Whose trees an agent has that does not say whose it is: Net-SNMP, with which many makers answer, and
//! sysObjectIDs that lead nowhere. One GETNEXT a tree, from each to the next, so that makers' tables can be
//! asked for where their maker is seen, and nowhere else.

use daicho_common::observation::Outcome;

use super::message::{Oid, Reply, Request, Status, Value};

/// Below which every maker has a tree: enterprises (RFC 2578).
pub(super) const ENTERPRISES: [u32; 6] = [1, 3, 6, 1, 4, 1];

/// Numbers of Net-SNMP and of its forerunner, which say nothing of a maker.
const NOBODY: [u32; 2] = [8072, 2021];

/// Most questions: agents with more trees are hardly met.
const MOST: usize = 6;

/// The question.
#[derive(Debug)]
pub(super) struct Trees {
    /// The maker's number after which the next one is looked for.
    after: Option<u32>,
    asked: usize,
    found: Vec<Vec<u32>>,
    outcome: Option<Outcome>,
}

/// The number of the maker whose device has this sysObjectID; `None` if it does not say.
pub(super) fn maker(object_id: &[u32]) -> Option<u32> {
    let number = object_id.strip_prefix(&ENTERPRISES).and_then(|rest| rest.first());
    number.copied().filter(|number| !NOBODY.contains(number))
}

impl Trees {
    /// Of a device with this sysObjectID; of one that says whose it is nothing is asked.
    pub(super) fn new(object_id: &[u32]) -> Self {
        let outcome = maker(object_id).map(|_| Outcome::Complete);
        Self { after: None, asked: 0, found: Vec::new(), outcome }
    }

    /// The next question; `None` once it has ended.
    pub(super) fn question(&self) -> Option<Request> {
        // Nothing of a tree comes after the greatest number below it.
        let after: Vec<u32> =
            self.after.into_iter().flat_map(|number| [number, u32::MAX]).collect();
        self.outcome.is_none().then(|| Request::Next(vec![Oid::new(&ENTERPRISES, &after)]))
    }

    /// Takes the answer to the last question.
    pub(super) fn answer(&mut self, reply: &Reply) {
        self.asked += 1;
        let next = match (reply.status, reply.objects.first()) {
            (Status::Ok, Some((oid, value))) if !matches!(value, Value::End | Value::Missing) => {
                oid.after(&ENTERPRISES).and_then(|rest| rest.first()).copied()
            }
            _ => None,
        };
        let Some(number) = next.filter(|number| self.after.is_none_or(|after| *number > after))
        else {
            self.outcome = Some(Outcome::Complete);
            return;
        };
        self.after = Some(number);
        if !NOBODY.contains(&number) {
            self.found.push([&ENTERPRISES[..], &[number]].concat());
        }
        if self.asked >= MOST {
            self.outcome = Some(Outcome::Complete);
        }
    }

    /// Gives up.
    pub(super) fn break_off(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }

    /// Once it has ended, the trees of makers.
    pub(super) fn ended(&mut self) -> Option<Vec<Vec<u32>>> {
        self.outcome.map(|_| std::mem::take(&mut self.found))
    }
}
