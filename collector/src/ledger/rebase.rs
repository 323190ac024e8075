//! A new version of a book comes while a person has changed the old one: which of the changes the
//! book has taken up, which are carried over, and which contradict it. None is lost unseen.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::columns::Columns;
use super::diff::{align, columns as columns_of, pair};
use super::edit::{apply, end_of};
use super::step::Step;
use super::{Entry, Ledger, Place, Sheet};

/// Which side holds where both changed the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// The new version of the book.
    Book,
    /// What people changed beside it.
    Edits,
}

/// Both the book and a person changed the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Where: in the new book or, if the row is gone there, in the old one.
    pub place: Place,
    /// The column's heading; empty if the whole row is meant.
    pub heading: String,
    /// What the old version of the book said.
    pub base: String,
    /// What a person made of it.
    pub edited: String,
    /// What the new version says; `None` if it has no such row or column.
    pub book: Option<String>,
}

/// What becomes of changes that were made beside a book when a new version of it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rebased {
    /// Steps to be applied to the new version, each with the index of the step that it goes back to.
    pub carried: Vec<(Step, usize)>,
    /// How many changes the new version has taken up itself.
    pub settled: usize,
    /// Where both sides changed the same.
    pub conflicts: Vec<Conflict>,
}

/// Sets the steps that were made on `base` against the new version of the book. Without a preference
/// what conflicts is not carried.
pub fn rebase(
    base: &Ledger,
    steps: &[Step],
    (new, columns): (&Ledger, &Columns),
    prefer: Option<Prefer>,
) -> Rebased {
    if steps.is_empty() {
        return Rebased::default();
    }
    let mut edited = base.clone();
    apply(&mut edited, steps, columns);
    let mut work =
        Work { new, edited: &edited, prefer, done: Rebased::default(), ends: HashMap::new() };
    let last: HashMap<&Place, usize> =
        steps.iter().enumerate().map(|(index, step)| (step.place(), index)).collect();
    let before: HashMap<&Place, &Entry> =
        base.entries.iter().map(|entry| (&entry.place, entry)).collect();
    let counterparts = counterparts(base, &edited, new);
    for entry in edited.entries.iter().filter(|entry| last.contains_key(&entry.place)) {
        let origin = last.get(&entry.place).copied().unwrap_or_default();
        let there = counterparts.get(&entry.place).and_then(|at| new.entries.get(*at));
        match (before.get(&entry.place), there) {
            (Some(base), Some(there)) => work.cells((base, entry, there), origin),
            (Some(base), None) => work.gone(base, entry, origin),
            (None, Some(there)) => work.cells((&blank(entry), entry, there), origin),
            (None, None) => work.again(entry, origin),
        }
    }
    work.done
}

/// A row before anybody wrote into it.
fn blank(entry: &Entry) -> Entry {
    Entry {
        place: entry.place.clone(),
        sheet: entry.sheet,
        cells: vec![String::new(); entry.cells.len()],
        ..Entry::default()
    }
}

/// Which entry of the new book each row is: as the old book knew it, else as it was edited.
fn counterparts(base: &Ledger, edited: &Ledger, new: &Ledger) -> HashMap<Place, usize> {
    let mut found: HashMap<Place, usize> = HashMap::new();
    let mut taken: HashSet<usize> = HashSet::new();
    for old in [base, edited] {
        for (index, old_index) in pair(old, new).into_iter().enumerate() {
            let Some(entry) = old_index.and_then(|at| old.entries.get(at)) else { continue };
            if !found.contains_key(&entry.place) && taken.insert(index) {
                found.insert(entry.place.clone(), index);
            }
        }
    }
    found
}

struct Work<'a> {
    new: &'a Ledger,
    edited: &'a Ledger,
    prefer: Option<Prefer>,
    done: Rebased,
    /// The last row used of each sheet of the new book.
    ends: HashMap<usize, u32>,
}

impl Work<'_> {
    /// A row that both have: cell by cell.
    fn cells(&mut self, (base, edited, there): (&Entry, &Entry, &Entry), origin: usize) {
        let aligned =
            align(columns_of(self.edited, edited.sheet), columns_of(self.new, there.sheet));
        let cell = |cells: &[String], at: usize| cells.get(at).cloned().unwrap_or_default();
        for (heading, old, now) in aligned {
            let Some(old) = old else { continue };
            let (was, wanted) = (cell(&base.cells, old), cell(&edited.cells, old));
            if was == wanted {
                continue;
            }
            let is = now.map(|now| cell(&there.cells, now));
            if is.as_ref() == Some(&wanted) {
                self.done.settled += 1;
                continue;
            }
            let free = is.as_ref() == Some(&was);
            if free || (self.prefer == Some(Prefer::Edits) && is.is_some()) {
                let step = Step::Cell {
                    place: there.place.clone(),
                    column: now,
                    heading: heading.clone(),
                    before: is.clone().unwrap_or_default(),
                    after: wanted.clone(),
                };
                self.done.carried.push((step, origin));
            }
            if !free {
                let place = there.place.clone();
                self.conflict(Conflict { place, heading, base: was, edited: wanted, book: is });
            }
        }
        if base.struck != edited.struck {
            if there.struck == edited.struck {
                self.done.settled += 1;
            } else {
                let step = Step::Struck { place: there.place.clone(), struck: edited.struck };
                self.done.carried.push((step, origin));
            }
        }
    }

    /// A row that a person changed and the new book has no more.
    fn gone(&mut self, base: &Entry, edited: &Entry, origin: usize) {
        if base == edited {
            return;
        }
        self.conflict(Conflict {
            place: edited.place.clone(),
            heading: String::new(),
            base: base.cells.join(" | "),
            edited: edited.cells.join(" | "),
            book: None,
        });
        if self.prefer == Some(Prefer::Edits) {
            self.again(edited, origin);
        }
    }

    /// A row that a person added and the new book has not: added to it again.
    fn again(&mut self, edited: &Entry, origin: usize) {
        let here = |sheet: &Sheet| edited.place.sheet == sheet.name && !sheet.columns.is_empty();
        let found = self.new.sheets.iter().enumerate().find(|(_, sheet)| here(sheet));
        let Some((index, sheet)) = found else {
            self.conflict(Conflict {
                place: edited.place.clone(),
                heading: String::new(),
                base: String::new(),
                edited: edited.cells.join(" | "),
                book: None,
            });
            return;
        };
        let mut cells = vec![String::new(); sheet.columns.len()];
        for (heading, old, now) in align(columns_of(self.edited, edited.sheet), &sheet.columns) {
            let cell = old.and_then(|old| edited.cells.get(old)).filter(|cell| !cell.is_empty());
            match (cell, now.and_then(|now| cells.get_mut(now))) {
                (Some(cell), Some(there)) => there.clone_from(cell),
                (Some(cell), None) => self.done.conflicts.push(Conflict {
                    place: edited.place.clone(),
                    heading,
                    base: String::new(),
                    edited: cell.clone(),
                    book: None,
                }),
                (None, _) => {}
            }
        }
        let mut place = end_of(self.new, index, sheet);
        let end = self.ends.entry(index).or_insert(0);
        place.row = place.row.max(end.saturating_add(1));
        *end = place.row;
        if edited.struck {
            let struck = Step::Struck { place: place.clone(), struck: true };
            self.done.carried.push((Step::Added { place, cells }, origin));
            self.done.carried.push((struck, origin));
        } else {
            self.done.carried.push((Step::Added { place, cells }, origin));
        }
    }

    fn conflict(&mut self, conflict: Conflict) {
        self.done.conflicts.push(conflict);
    }
}

#[cfg(test)]
mod tests;
