//! Walks the columns of a table side by side, by GETBULK (RFC 3416 §4.2.3) or GETNEXT.
//!
//! Takes nothing on trust: identifiers must grow, rows and questions are counted, and an answer that
//! does not fit makes it ask for less, down to one object. A walk that broke off says so.

use std::collections::BTreeMap;

use daicho_common::observation::Outcome;

use super::message::{Oid, Reply, Request, Status, Value};
use super::repetitions::{FEW, Manner, Repetitions};

/// Most rows that are kept of one table where its description does not say.
pub(super) const MAX_ROWS: usize = 10_000;

/// Questions for one table beside one a row, whatever the device makes of them.
pub(super) const MAX_QUESTIONS: usize = 1_000;

/// Longest index, in numbers: an object identifier has 128 (RFC 2578 §7.1.3).
const MAX_INDEX: usize = 128;

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
    repetitions: Repetitions,
    /// What the last question asked for when it was first sent.
    asked: u32,
    most: usize,
    questions: usize,
    rows: Rows,
    /// Rows that were taken away already.
    taken: usize,
    flawed: bool,
    /// Whether a GETBULK was answered with objects.
    bulk_answered: bool,
    outcome: Option<Outcome>,
}

impl Walk {
    /// A walk of these columns of the table whose entry has this identifier, for at most so many
    /// rows.
    pub(super) fn new(
        entry: &[u32],
        columns: impl Iterator<Item = u32>,
        (most, manner): (usize, Manner),
    ) -> Self {
        let column = |number: u32| {
            let prefix = [entry, &[number]].concat();
            Column { number, last: Oid::new(&prefix, &[]), prefix, ended: false }
        };
        let columns: Vec<_> = columns.map(column).collect();
        Self {
            width: columns.len().max(1),
            repetitions: Repetitions::new(columns.len(), manner),
            asked: 0,
            outcome: columns.is_empty().then_some(Outcome::Complete),
            columns,
            most,
            questions: 0,
            rows: Rows::new(),
            taken: 0,
            flawed: false,
            bulk_answered: false,
        }
    }

    /// The next question; `None` once the walk has ended.
    pub(super) fn question(&mut self) -> Option<Request> {
        if self.outcome.is_some() {
            return None;
        }
        if self.questions >= self.most.saturating_add(MAX_QUESTIONS) {
            self.break_off(Outcome::Malformed);
            return None;
        }
        self.questions += 1;
        self.asked = self.repetitions.now();
        let from: Vec<Oid> = self.open().map(|(_, column)| column.last.clone()).collect();
        Some(match self.repetitions.now() {
            0 => Request::Next(from),
            repetitions => Request::Bulk(from, repetitions),
        })
    }

    /// How the walk ended, once it has, and the rows that were not taken away before.
    pub(super) fn ended(&mut self) -> Option<(Outcome, Rows)> {
        self.outcome.map(|outcome| {
            let rows = std::mem::take(&mut self.rows);
            self.taken += rows.len();
            (outcome, rows)
        })
    }

    /// How many rows came, as far as they were taken away.
    pub(super) const fn taken(&self) -> usize {
        self.taken
    }

    /// Whether the last question was for more rows than every device should bear.
    pub(super) const fn asks_for_many(&self) -> bool {
        self.asked > FEW
    }

    /// What was found out about GETBULK: whether it is answered; `None` if it was not needed.
    pub(super) const fn bulk(&self) -> Option<bool> {
        match (self.bulk_answered, self.repetitions.now()) {
            (true, _) => Some(true),
            (false, 0) if !matches!(self.outcome, Some(Outcome::Silent)) => Some(false),
            (false, _) => None,
        }
    }

    /// Takes away the rows to which nothing can be added any more, if there are at least so many.
    pub(super) fn settled(&mut self, least: usize) -> Rows {
        if self.rows.len() < least {
            return Rows::new();
        }
        // Every column that is still open is past those.
        let past = |column: &Column| column.last.after(&column.prefix).map(<[u32]>::to_vec);
        let columns = self.columns.iter().filter(|column| !column.ended);
        let Some(slowest) = columns.map(past).min().flatten() else { return Rows::new() };
        let open = self.rows.split_off(&[slowest, vec![0]].concat());
        let settled = std::mem::replace(&mut self.rows, open);
        self.taken += settled.len();
        settled
    }

    /// Takes the answer to the last question.
    pub(super) fn answer(&mut self, reply: Reply) {
        match reply.status {
            Status::Ok => self.take(reply),
            Status::TooBig | Status::General => self.ask_for_less(reply.index),
            // What an agent of the first version says at the end of everything (RFC 1157 §4.1.3).
            Status::NoSuchName => self.leave_out(reply.index),
            Status::Refused => self.break_off(Outcome::Refused),
        }
    }

    /// The question stayed unanswered once: fewer repetitions, if there were many. Returns how many.
    pub(super) fn lessen(&mut self) -> u32 {
        if self.repetitions.now() > FEW {
            self.repetitions.failed();
        }
        self.repetitions.now()
    }

    /// The columns that are asked for next, with their places.
    fn open(&self) -> impl Iterator<Item = (usize, &Column)> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, column)| !column.ended).take(self.width)
    }

    /// Ends with this outcome, or with `Partial` if some rows had come.
    pub(super) fn break_off(&mut self, outcome: Outcome) {
        let any = self.taken > 0 || !self.rows.is_empty();
        self.outcome = Some(if any { Outcome::Partial } else { outcome });
    }

    fn ask_for_less(&mut self, trouble: usize) {
        if self.repetitions.failed() {
            return;
        }
        if trouble == 0 && self.open().count() > 1 {
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
    fn take(&mut self, reply: Reply) {
        let asked: Vec<usize> = self.open().map(|(at, _)| at).collect();
        if reply.objects.is_empty() {
            // Nothing fitted, whatever the status says.
            return self.ask_for_less(0);
        }
        let repetitions = usize::try_from(self.asked.max(1)).unwrap_or(usize::MAX);
        let came = reply.objects.len();
        if came > asked.len().saturating_mul(repetitions) {
            return self.break_off(Outcome::Malformed);
        }
        self.bulk_answered |= self.repetitions.now() > 0;
        for ((oid, value), at) in reply.objects.into_iter().zip(asked.iter().cycle()) {
            if let Err(outcome) = self.take_one(*at, oid, value) {
                return self.break_off(outcome);
            }
        }
        self.repetitions.answered(came.div_ceil(asked.len().max(1)), reply.octets);
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
            return if column.ended { Ok(()) } else { Err(Outcome::Malformed) };
        };
        if oid <= column.last || index.len() > MAX_INDEX {
            return Err(Outcome::Malformed);
        }
        let full = self.taken + self.rows.len() >= self.most;
        if full && !self.rows.contains_key(index) {
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
