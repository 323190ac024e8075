//! Which tables a device has at all: one GETNEXT for many of them, so that those that it has not cost
//! next to nothing.

use std::collections::BTreeSet;

use daicho_common::observation::Outcome;

use super::message::{Oid, Reply, Request, Status, Value};

/// Most tables asked about at once.
const WIDTH: usize = 16;

/// The question.
#[derive(Debug)]
pub(super) struct Survey {
    /// Tables by their place in the catalogue, with the identifiers of their entries.
    left: Vec<(usize, Vec<u32>)>,
    width: usize,
    absent: BTreeSet<usize>,
    outcome: Option<Outcome>,
}

impl Survey {
    /// About these tables, by their places, with the identifiers of their entries.
    pub(super) fn new(tables: Vec<(usize, Vec<u32>)>) -> Self {
        let outcome = tables.is_empty().then_some(Outcome::Complete);
        Self { left: tables, width: WIDTH, absent: BTreeSet::new(), outcome }
    }

    fn asked(&self) -> &[(usize, Vec<u32>)] {
        self.left.get(..self.width).unwrap_or(&self.left)
    }

    /// The next question; `None` once it has ended.
    pub(super) fn question(&self) -> Option<Request> {
        let names = || self.asked().iter().map(|(_, entry)| Oid::new(entry, &[])).collect();
        self.outcome.is_none().then(|| Request::Next(names()))
    }

    /// Takes the answer to the last question. Where it makes no sense, the tables count as there:
    /// walking them will show.
    pub(super) fn answer(&mut self, reply: Reply) {
        let asked = self.asked().len();
        match reply.status {
            Status::Ok if reply.objects.len() == asked => {
                for ((at, entry), (oid, value)) in self.left.drain(..asked).zip(reply.objects) {
                    let end = matches!(value, Value::End | Value::Missing);
                    if end || oid.after(&entry).is_none() && oid > Oid::new(&entry, &[]) {
                        self.absent.insert(at);
                    }
                }
            }
            // Nothing follows that one, in the words of the first version.
            Status::NoSuchName if (1..=asked).contains(&reply.index) => {
                let (at, _) = self.left.remove(reply.index - 1);
                self.absent.insert(at);
            }
            Status::TooBig | Status::General if asked > 1 => self.width = asked / 2,
            Status::Ok
            | Status::NoSuchName
            | Status::TooBig
            | Status::General
            | Status::Refused => {
                self.left.drain(..asked);
            }
        }
        if self.left.is_empty() {
            self.outcome = Some(Outcome::Complete);
        }
    }

    /// Gives up: the tables not asked about count as there.
    pub(super) fn break_off(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }

    /// Once it has ended, the places of the tables that are not there.
    pub(super) fn ended(&mut self) -> Option<BTreeSet<usize>> {
        self.outcome.map(|_| std::mem::take(&mut self.absent))
    }
}
