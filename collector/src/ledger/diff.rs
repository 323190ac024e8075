//! What a new version of a book adds, changes, retires and removes: shown before anything is
//! written, and written as shown.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::normal::heading_key;
use super::step::{Step, key};
use super::{Column, Defect, Entry, Ledger, Sheet, State};

mod pair;

pub use pair::pair;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It came.
    Added,
    /// Some of it changed.
    Changed,
    /// It changed, and is retired now.
    Retired,
    /// It is gone.
    Removed,
}

/// A row that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowChange {
    /// What became of it.
    pub kind: Kind,
    /// What it is known by ([`key`]).
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What changed, in the order of the columns.
    pub steps: Vec<Step>,
}

/// The difference of two versions of a book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Rows that are not as they were: in the order of the new book, then those that are gone.
    pub rows: Vec<RowChange>,
    /// How many rows are as they were.
    pub unchanged: usize,
    /// Rows of the new book that name nothing, and are left out.
    pub rejected: Vec<Defect>,
}

impl Diff {
    /// How many rows this became of.
    pub fn count(&self, kind: Kind) -> usize {
        self.rows.iter().filter(|row| row.kind == kind).count()
    }
}

/// Compares two versions of a book, before its lists are joined.
pub fn diff(old: &Ledger, new: &Ledger) -> Diff {
    let pairs = pair(old, new);
    let mut taken: HashSet<usize> = HashSet::new();
    let mut diff = Diff::default();
    let mut aligned: HashMap<(usize, usize), Alignment> = HashMap::new();
    for (after, before) in new.entries.iter().zip(&pairs) {
        let Some((index, before)) = before.and_then(|at| Some((at, old.entries.get(at)?))) else {
            let step = Step::Added { place: after.place.clone(), cells: after.cells.clone() };
            diff.rows.push(row(Kind::Added, (after, new), vec![step]));
            continue;
        };
        taken.insert(index);
        let alignment = aligned
            .entry((before.sheet, after.sheet))
            .or_insert_with(|| align(columns(old, before.sheet), columns(new, after.sheet)));
        let steps = steps(before, after, alignment);
        if steps.is_empty() {
            diff.unchanged += 1;
            continue;
        }
        let retired = after.state == State::Retired && before.state != State::Retired;
        let kind = if retired { Kind::Retired } else { Kind::Changed };
        diff.rows.push(row(kind, (after, new), steps));
    }
    for (index, gone) in old.entries.iter().enumerate() {
        if !taken.contains(&index) {
            let step = Step::Removed { place: gone.place.clone(), cells: gone.cells.clone() };
            diff.rows.push(row(Kind::Removed, (gone, old), vec![step]));
        }
    }
    diff.rejected = new.defects.iter().filter(|defect| defect.rejected).cloned().collect();
    diff
}

fn row(kind: Kind, (entry, of): (&Entry, &Ledger), steps: Vec<Step>) -> RowChange {
    let counted = of.sheets.get(entry.sheet).is_some_and(|sheet| sheet.counted);
    let name = if entry.name.is_empty() { &entry.host_name } else { &entry.name };
    RowChange { kind, key: key(entry, counted), name: name.clone(), steps }
}

pub(super) fn columns(ledger: &Ledger, sheet: usize) -> &[Column] {
    ledger.sheets.get(sheet).map_or(&[], |sheet: &Sheet| sheet.columns.as_slice())
}

/// Columns of two sheets side by side: the heading, and the index in each.
pub(super) type Alignment = Vec<(String, Option<usize>, Option<usize>)>;

/// Sets columns of one heading side by side, the first with the first; what only one sheet has
/// stands alone.
pub(super) fn align(old: &[Column], new: &[Column]) -> Alignment {
    let keyed = |columns: &[Column]| {
        let mut times: HashMap<String, usize> = HashMap::new();
        let keys = columns.iter().map(|column| {
            let key = heading_key(&column.heading);
            let nth = times.entry(key.clone()).or_default();
            *nth += 1;
            (key, *nth)
        });
        keys.collect::<Vec<_>>()
    };
    let (before, after) = (keyed(old), keyed(new));
    let known: HashMap<&(String, usize), usize> = before.iter().zip(0..).collect();
    let mut aligned: Alignment = Vec::new();
    for ((at, column), key) in new.iter().enumerate().zip(&after) {
        aligned.push((column.heading.clone(), known.get(key).copied(), Some(at)));
    }
    let held: HashSet<&(String, usize)> = after.iter().collect();
    for ((at, column), key) in old.iter().enumerate().zip(&before) {
        if !held.contains(key) {
            aligned.push((column.heading.clone(), Some(at), None));
        }
    }
    aligned
}

fn steps(before: &Entry, after: &Entry, alignment: &Alignment) -> Vec<Step> {
    let mut steps = Vec::new();
    if before.place.sheet != after.place.sheet {
        steps.push(Step::Moved { from: before.place.clone(), place: after.place.clone() });
    }
    let cell = |cells: &[String], at: Option<usize>| {
        at.and_then(|at| cells.get(at)).cloned().unwrap_or_default()
    };
    for (heading, old, new) in alignment {
        let (was, is) = (cell(&before.cells, *old), cell(&after.cells, *new));
        if was != is {
            steps.push(Step::Cell {
                place: after.place.clone(),
                column: *new,
                heading: heading.clone(),
                before: was,
                after: is,
            });
        }
    }
    if before.struck != after.struck {
        steps.push(Step::Struck { place: after.place.clone(), struck: after.struck });
    }
    steps
}

#[cfg(test)]
pub(crate) mod tests;
