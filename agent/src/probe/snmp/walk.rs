//! Walks the columns of a table side by side, by GETBULK (RFC 3416 §4.2.3).
//!
//! Takes nothing on trust: identifiers must grow, rows and questions are counted, and an answer that
//! does not fit halves what is asked for, down to GETNEXT. A walk that broke off says so.

use std::collections::BTreeMap;

use daicho_common::observation::Outcome;

use super::message::{Oid, Reply, Request, Status, Value};

/// Most rows that are kept of one table.
pub(super) const MAX_ROWS: usize = 10_000;

/// Most questions for one table, whatever the device makes of them.
pub(super) const MAX_QUESTIONS: usize = 1_000;

/// Repetitions asked for at first, and at most once every answer came back full.
const FIRST_REPETITIONS: u32 = 10;
const MAX_REPETITIONS: u32 = 25;

/// Longest index, in numbers: an `InetAddress` of 20 octets and what is around it fits twice.
const MAX_INDEX: usize = 64;

/// Rows by index (the numbers after the column's own identifier), each cell by column number.
pub(super) type Rows = BTreeMap<Vec<u32>, BTreeMap<u32, Value>>;

/// A column on its way.
#[derive(Debug)]
struct Column {
    number: u32,
    prefix: Vec<u32>,
    last: Oid,
    ended: bool,
}

/// A walk through one table.
#[derive(Debug)]
pub(super) struct Walk {
    columns: Vec<Column>,
    /// How many columns are asked for at once, at least 1.
    width: usize,
    /// 0 for GETNEXT.
    repetitions: u32,
    may_grow: bool,
    questions: usize,
    rows: Rows,
    flawed: bool,
    outcome: Option<Outcome>,
}

impl Walk {
    /// A walk of these columns of the table whose entry has this identifier.
    pub(super) fn new(entry: &[u32], columns: &[u32]) -> Self {
        let column = |number: &u32| {
            let prefix = [entry, &[*number]].concat();
            Column { number: *number, last: Oid::new(&prefix, &[]), prefix, ended: false }
        };
        Self {
            columns: columns.iter().map(column).collect(),
            width: columns.len().max(1),
            repetitions: FIRST_REPETITIONS,
            may_grow: true,
            questions: 0,
            rows: Rows::new(),
            flawed: false,
            outcome: None,
        }
    }

    /// Asks the next question through `ask`; `None` once the walk has ended.
    pub(super) fn question<T>(&mut self, ask: impl FnOnce(&Request<'_>) -> T) -> Option<T> {
        if self.outcome.is_some() {
            return None;
        }
        if self.questions >= MAX_QUESTIONS {
            self.outcome = Some(Outcome::Partial);
            return None;
        }
        self.questions += 1;
        let from: Vec<Oid> = self.open().map(|(_, column)| column.last.clone()).collect();
        Some(match self.repetitions {
            0 => ask(&Request::Next(&from)),
            repetitions => ask(&Request::Bulk(&from, repetitions)),
        })
    }

    /// How the walk ended, once it has, and the rows that it brought.
    pub(super) fn ended(&mut self) -> Option<(Outcome, Rows)> {
        self.outcome.map(|outcome| (outcome, std::mem::take(&mut self.rows)))
    }

    /// Takes the answer to the last question.
    pub(super) fn answer(&mut self, reply: Reply) {
        match reply.status {
            Status::Ok => self.take(reply.objects),
            Status::TooBig | Status::General => self.ask_for_less(reply.index),
            // What an agent of the first version says at the end of everything (RFC 1157 §4.1.3).
            Status::NoSuchName => self.leave_out(reply.index),
            Status::Refused => self.break_off(Outcome::Refused),
        }
    }

    /// The columns that are asked for next, with their places.
    fn open(&self) -> impl Iterator<Item = (usize, &Column)> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, column)| !column.ended).take(self.width)
    }

    /// Ends with this outcome, or with `Partial` if some rows had come.
    pub(super) fn break_off(&mut self, outcome: Outcome) {
        self.outcome = Some(if self.rows.is_empty() { outcome } else { Outcome::Partial });
    }

    fn ask_for_less(&mut self, trouble: usize) {
        self.may_grow = false;
        if self.repetitions > 0 {
            self.repetitions /= 2;
        } else if trouble == 0 && self.open().count() > 1 {
            self.width = (self.open().count() / 2).max(1);
        } else {
            // Not even one object: it must do without this column.
            self.flawed = true;
            self.leave_out(trouble.max(1));
        }
    }

    /// Ends the column at this place of the question, counted from 1; all, if there is no such
    /// place.
    fn leave_out(&mut self, place: usize) {
        let place = place.checked_sub(1).and_then(|at| self.open().nth(at)).map(|(at, _)| at);
        match place.and_then(|at| self.columns.get_mut(at)) {
            Some(column) => {
                column.ended = true;
                self.finish_if_all_ended();
            }
            None => self.break_off(Outcome::Refused),
        }
    }

    /// Objects come column by column, one repetition after the other; the last may be cut short.
    fn take(&mut self, objects: Vec<(Oid, Value)>) {
        let asked: Vec<usize> = self.open().map(|(at, _)| at).collect();
        if objects.is_empty() {
            // Nothing fitted, whatever the status says.
            return self.ask_for_less(0);
        }
        let full = asked.len() * usize::try_from(self.repetitions.max(1)).unwrap_or(usize::MAX);
        if objects.len() > full {
            return self.break_off(Outcome::Malformed);
        }
        let came_full = objects.len() == full;
        for ((oid, value), at) in objects.into_iter().zip(asked.iter().cycle()) {
            if let Err(outcome) = self.take_one(*at, oid, value) {
                return self.break_off(outcome);
            }
        }
        if came_full && self.may_grow {
            self.repetitions = (self.repetitions * 2).min(MAX_REPETITIONS);
        }
        self.finish_if_all_ended();
    }

    fn take_one(&mut self, at: usize, oid: Oid, value: Value) -> Result<(), Outcome> {
        let Some(column) = self.columns.get_mut(at) else { return Ok(()) };
        if column.ended {
            return Ok(());
        }
        let index = oid.after(&column.prefix).filter(|index| !index.is_empty());
        let Some(index) = index.filter(|_| !matches!(value, Value::End | Value::Missing)) else {
            // Past the column or the view: the usual end of a walk. But nothing may lie before it.
            let exception = matches!(value, Value::End | Value::Missing);
            column.ended = exception || oid > column.last;
            return if column.ended { Ok(()) } else { Err(Outcome::Partial) };
        };
        if oid <= column.last || index.len() > MAX_INDEX {
            return Err(Outcome::Partial);
        }
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(index) {
            return Err(Outcome::Partial);
        }
        self.rows.entry(index.to_vec()).or_default().insert(column.number, value);
        column.last = oid;
        Ok(())
    }

    fn finish_if_all_ended(&mut self) {
        if self.columns.iter().all(|column| column.ended) {
            let outcome = if self.flawed { Outcome::Partial } else { Outcome::Complete };
            self.outcome = Some(outcome);
        }
    }
}
